import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { clientAdapterSuite, type ClientRequest, type ClientResponse } from '@hoptrace/testkit'
import got from 'got'
import { traceHttp } from './index.js'

clientAdapterSuite({
  name: 'node:http',
  supports: { redirects: false, streaming: true, timeout: true, routes: true },
  create: (tracer) => {
    if (tracer !== undefined) traceHttp(tracer)
    return { request: send }
  },
})

/** As an application sends a request by hand. */
async function send({ url, body, stream = false, ...request }: ClientRequest): Promise<ClientResponse> {
  const { proxy, socketPath, signal, timeoutMillis: timeout, headers = {}, method } = request
  const target = new URL(url)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = http.request({
      method,
      host: proxy?.host ?? target.hostname,
      port: proxy?.port ?? (target.port || 80),
      path: proxy === undefined ? target.pathname + target.search : url,
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(signal === undefined ? {} : { signal }),
      ...(timeout === undefined ? {} : { timeout }),
      headers: {
        ...(headers as OutgoingHttpHeaders),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    })
    sent.on('timeout', () => sent.destroy())
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

clientAdapterSuite({
  name: 'got',
  supports: { redirects: true, streaming: false, timeout: true },
  create: (tracer) => {
    if (tracer !== undefined) traceHttp(tracer)
    return {
      async request({ url, body, method, headers = {}, maxRedirects, signal, timeoutMillis }) {
        const response = await got(url, {
          method: method as 'GET',
          headers,
          retry: { limit: 0 },
          throwHttpErrors: false,
          followRedirect: maxRedirects !== 0,
          ...(body === undefined ? {} : { json: body }),
          ...(signal === undefined ? {} : { signal }),
          ...(timeoutMillis === undefined ? {} : { timeout: { request: timeoutMillis } }),
        })
        return {
          status: response.statusCode,
          headers: response.headers as Record<string, string>,
          text: () => Promise.resolve(response.body),
        }
      },
    }
  },
})
