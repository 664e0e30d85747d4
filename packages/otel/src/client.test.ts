import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { clientAdapterSuite, type ClientRequest, type ClientResponse } from '@hoptrace/testkit'
import { feed, seen } from './sdk.fixture.js'

// The servers of the kit belong to the test.
seen.servers = false

clientAdapterSuite({
  name: 'node:http, seen by OpenTelemetry',
  supports: { redirects: false, streaming: true, timeout: true },
  create: (tracer) => {
    if (tracer !== undefined) feed(tracer)
    return { request: send }
  },
})

async function send({ url, body, stream = false, ...request }: ClientRequest): Promise<ClientResponse> {
  const { signal, timeoutMillis: timeout, headers = {}, method } = request
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = http.request(new URL(url), {
      method,
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
      headers: {
        ...(headers as OutgoingHttpHeaders),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    })
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
    sent.on('error', reject)
    sent.on('response', resolve)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
  const whole = stream ? undefined : await text(response)
  return {
    status: response.statusCode as number,
    headers: response.headers as Record<string, string>,
    text: () => (whole === undefined ? text(response) : Promise.resolve(whole)),
  }
}
