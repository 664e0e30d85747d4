import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { clientAdapterSuite, type ClientSupports } from '@hoptrace/testkit'
import axiosNewest from 'axios'
import axios16 from 'axios16'
import { traceAxios } from './index.js'

function testAxios(
  name: string,
  axios: typeof axiosNewest,
  supports: ClientSupports,
  adapter?: string,
): void {
  clientAdapterSuite({
    name,
    supports,
    create: (tracer) => {
      const bare = axios.create(adapter === undefined ? {} : { adapter })
      const http = tracer === undefined ? bare : traceAxios(bare, tracer)
      return {
        async request({ timeoutMillis, body, stream = false, ...request }) {
          const { status, headers, data } = await http.request<unknown>({
            ...request,
            ...(body === undefined ? {} : { data: body }),
            ...(timeoutMillis === undefined ? {} : { timeout: timeoutMillis }),
            responseType: stream ? 'stream' : 'text',
            transformResponse: (raw: unknown) => raw,
          })
          return {
            status,
            headers: { ...headers } as Record<string, string>,
            text: () => (stream ? text(data as Readable) : Promise.resolve(String(data))),
          }
        },
      }
    },
  })
}

const all: ClientSupports = { redirects: true, streaming: true, timeout: true, routes: true }
testAxios('axios 1', axiosNewest, all)
testAxios('axios 1.6.8', axios16, all)
// `fetch` follows redirects by itself, and nothing of it is seen.
testAxios('axios 1 over fetch', axiosNewest, { ...all, redirects: false, routes: false }, 'fetch')
