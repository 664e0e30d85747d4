import { text } from 'node:stream/consumers'
import { clientAdapterSuite, type ClientRequest, type KitClient } from '@hoptrace/testkit'
import { request as request7 } from 'undici'
import { fetch as fetch6 } from 'undici6'
import { traceFetch } from './index.js'
import { timeoutOnceSent } from './timeout.fixture.js'

// Bun and Deno follow redirects within one request, and say nothing on undici's channels.
const isNode = !('bun' in process.versions) && !('deno' in process.versions)

type Fetch = (url: string, init: RequestInit) => Promise<Response>

const byFetch = (fetch: Fetch): KitClient => ({
  async request({ url, body, stream = false, ...request }) {
    const { method, headers, maxRedirects } = request
    const signal = signalOf(request)
    const response = await fetch(url, {
      method,
      headers: { ...headers },
      redirect: maxRedirects === 0 ? 'manual' : 'follow',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
    const whole = stream ? undefined : await response.text()
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: () => (whole === undefined ? response.text() : Promise.resolve(whole)),
    }
  },
})

function signalOf({ signal, timeoutMillis }: Partial<ClientRequest>): AbortSignal | undefined {
  return timeoutMillis === undefined
    ? signal
    : isNode
      ? timeoutOnceSent(timeoutMillis)
      : AbortSignal.timeout(timeoutMillis)
}

const byRequest: KitClient = {
  async request({ url, body, stream = false, timeoutMillis, ...request }) {
    const { method, headers, signal } = request
    const response = await request7(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMillis === undefined ? {} : { headersTimeout: timeoutMillis }),
    })
    const whole = stream ? undefined : await response.body.text()
    return {
      status: response.statusCode,
      headers: response.headers as Record<string, string>,
      text: () => (whole === undefined ? text(response.body) : Promise.resolve(whole)),
    }
  },
}

function suite(name: string, client: KitClient, redirects: boolean): void {
  clientAdapterSuite({
    name,
    supports: { redirects, streaming: true, timeout: true },
    create: (tracer) => {
      if (tracer !== undefined) traceFetch(tracer)
      return client
    },
  })
}

// The wrapper is there only once a tracer is.
suite(
  'the global fetch',
  byFetch((url, init) => fetch(url, init)),
  isNode,
)
suite('fetch of undici 6', byFetch(fetch6 as unknown as Fetch), true)
suite('request of undici 7', byRequest, false)
