import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { clientAdapterSuite } from '@hoptrace/testkit'
import axios from 'axios'
import { traceAxios } from './index.js'

clientAdapterSuite({
  name: 'axios 1',
  supports: { redirects: true, streaming: true, timeout: true, routes: true },
  create: (tracer) => {
    const http = tracer === undefined ? axios.create() : traceAxios(axios.create(), tracer)
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
