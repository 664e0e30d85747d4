import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { clientAdapterSuite } from '@hoptrace/testkit'
import { traceClient, type TinyResponse, type TinySend } from './tiny-client.fixture.js'

const send: TinySend = ({ method, url, headers, body, signal }) =>
  new Promise<TinyResponse>((resolve, reject) => {
    const options = { method, agent: false, ...(headers && { headers }), ...(signal && { signal }) }
    const request = httpRequest(url, options, (response) => {
      const answer = { status: response.statusCode ?? 0, headers: response.headers as Record<string, string> }
      text(response).then((whole) => resolve({ ...answer, body: whole }), reject)
    })
    request.on('error', reject)
    request.end(body)
  })

clientAdapterSuite({
  name: 'tiny client',
  supports: { redirects: false, streaming: false, timeout: false },
  create: (tracer) => {
    const client = tracer === undefined ? send : traceClient(send, tracer)
    return {
      async request({ method, url, headers, body, signal }) {
        const { status, ...answer } = await client({
          method,
          url,
          ...(headers && { headers }),
          ...(signal && { signal }),
          ...(body && { body: JSON.stringify(body) }),
        })
        return { status, headers: answer.headers, text: async () => answer.body }
      },
    }
  },
})
