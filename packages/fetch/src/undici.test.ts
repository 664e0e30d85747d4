import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { traceAxios } from '@hoptrace/axios'
import { closedPort, inHop, listen, openKitTracer, startKitServer, type KitTracer } from '@hoptrace/testkit'
import axios from 'axios'
import { Agent, ProxyAgent, RetryAgent, fetch as fetch7, request, stream } from 'undici'
import { fetch as fetch5 } from 'undici5'
import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { hasOwnFetch } from './global-fetch.js'
import { traceFetch } from './index.js'
import { timeoutOnceSent } from './timeout.fixture.js'

const tracedKit = async (): Promise<KitTracer> => {
  const kit = await openKitTracer()
  traceFetch(kit.tracer)
  return kit
}

const timeoutAtOnce = (millis: number): AbortSignal => AbortSignal.timeout(millis)
/** As it is when it is called: Bun's and Deno's own is wrapped. */
const globalFetch: typeof fetch = (...args) => fetch(...args)

const outcomes = (calls: readonly { readonly outcome: string | null }[]): (string | null)[] =>
  calls.map(({ outcome }) => outcome)

async function readIntoBuffer({ body }: Response): Promise<string> {
  let text = ''
  try {
    const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader({ mode: 'byob' })
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(3))
      if (done) return text
      text += Buffer.from(value).toString()
    }
  } catch (error) {
    await body?.cancel()
    return String(error)
  }
}

describe('undici', () => {
  it('is recorded with each attempt of its retries', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const dispatcher = new RetryAgent(new Agent(), { maxRetries: 2, minTimeout: 1, timeoutFactor: 1 })
    const { calls } = await inHop(kit, () =>
      request(`${server.url}/failing`, { dispatcher }).catch(() => undefined),
    )
    expect(outcomes(calls)).toEqual(['503', '503', '503'])
    expect(new Set(server.seen.map(({ headers }) => headers['traceparent'])).size).toBe(3)
  })

  it('is recorded where it writes a response into a stream', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, () =>
      stream(`${server.url}/streamed`, { method: 'GET' }, () => new PassThrough().resume()),
    )
    expect(outcomes(calls)).toEqual(['200'])
  })

  it('is recorded once: axios over fetch that another adapter traces, and a call of the application', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const client = traceAxios(axios.create({ adapter: 'fetch' }), kit.tracer)
    const { calls } = await inHop(kit, async () => {
      await client.get(`${server.url}/ok`)
      const call = kit.tracer.hop?.call(server.url)
      await (await fetch(`${server.url}/ok`, { headers: { ...call?.headers } })).text()
      call?.end(200)
    })
    expect(outcomes(calls)).toEqual(['200', '200'])
    expect(server.seen).toHaveLength(2)
  })

  it('does not take a proxy that refuses for a target that refuses', async () => {
    await using kit = await tracedKit()
    const dispatcher = new ProxyAgent(`http://127.0.0.1:${await closedPort()}`)
    const { calls } = await inHop(kit, () =>
      request('https://10.1.2.3:4000/ok', { dispatcher }).catch(() => undefined),
    )
    expect(calls).toMatchObject([{ target: '10.1.2.3:4000', outcome: 'UND_ERR_PROXY' }])
  })

  it('goes through a proxy with our headers, and without a call for the tunnel', async () => {
    await using server = await startKitServer()
    const proxying = createServer()
    proxying.on('connect', (_, socket) => {
      const onward = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
    })
    await using proxy = await listen(proxying)
    await using kit = await tracedKit()
    const dispatcher = new ProxyAgent({ uri: proxy.url, proxyTunnel: true })
    const { calls, record } = await inHop(kit, async () =>
      (await request(`${server.url}/ok`, { dispatcher })).body.text(),
    )
    await dispatcher.close()
    expect(calls).toMatchObject([{ target: `127.0.0.1:${server.port}`, outcome: '200' }])
    expect(server.seen[0]?.headers['traceparent']).toContain(record.traceId)
  })
})

describe('the body of fetch', () => {
  it.each([
    // Of Bun's and Deno's own, no channel says when it has a connection.
    ['the global one', globalFetch, hasOwnFetch ? timeoutAtOnce : timeoutOnceSent],
    ['undici 5', fetch5 as unknown as typeof fetch, timeoutOnceSent],
    ['undici 7', fetch7 as unknown as typeof fetch, timeoutOnceSent],
  ])('ends the call as its reader sees it: %s', async (_, send, timeout) => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    await using endless = await listen(createServer((_, res) => void res.write('one ')))
    const abort = new AbortController()
    const { calls } = await inHop(kit, async () => {
      await (await send(endless.url)).body?.cancel('enough')
      await (await send(`${server.url}/broken-off`)).text().catch(() => undefined)
      const response = await send(endless.url, { signal: abort.signal })
      abort.abort(new Error('stop'))
      await response.text().catch(() => undefined)
      await send(`${server.url}/never`, { signal: timeout(20) }).catch(() => undefined)
    })
    expect(outcomes(calls)).toEqual(['ERR_CANCELED', 'ECONNRESET', 'ERR_CANCELED', 'ETIMEDOUT'])
  })

  it('can be read into a buffer of its reader where it can be without hoptrace', async () => {
    await using server = await startKitServer()
    const bare = await readIntoBuffer(await fetch(`${server.url}/streamed`))
    await using kit = await tracedKit()
    const { calls, result } = await inHop(kit, async () =>
      readIntoBuffer(await fetch(`${server.url}/streamed`)),
    )
    expect(result).toEqual(bare)
    expect(outcomes(calls)).toHaveLength(1)
  })

  it('leaves the request that the application gave as it was', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const given = new Request(`${server.url}/ok`, { headers: { 'x-own': 'kept', tracestate: 'own=1' } })
    const headers = { 'x-own': 'kept' }
    await inHop(kit, async () => {
      await (await fetch(given.clone())).text()
      await (await request(`${server.url}/ok`, { headers })).body.text()
    })
    expect([[...given.headers], headers]).toEqual([
      [
        ['tracestate', 'own=1'],
        ['x-own', 'kept'],
      ],
      { 'x-own': 'kept' },
    ])
    await (await fetch(given)).text()
    expect(server.seen[2]?.headers).toMatchObject({ tracestate: 'own=1' })
    expect(server.seen[2]?.headers['traceparent']).toBeUndefined()
  })
})

describe('README.md', () => {
  it('shows an example that runs', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
    const body = example.replace(/^import .*\n/gm, '').replace(/^const tracer = .*\n/m, '')
    const run = runInThisContext(`(async (tracer, traceFetch, fetch) => {${body}})`) as (
      ...given: unknown[]
    ) => Promise<void>
    await run(kit.tracer, traceFetch, () => fetch(`${server.url}/ok`))
    const record = await kit.eventually(({ state }) => state === 'closed')
    expect(outcomes(record.next)).toEqual(['200'])
  })
})
