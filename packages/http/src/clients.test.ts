import { readFile } from 'node:fs/promises'
import http, { Agent, ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { traceAxios } from '@hoptrace/axios'
import { inHop, listen, openKitTracer, startKitServer, type KitTracer } from '@hoptrace/testkit'
import axios from 'axios'
import got from 'got'
import { HttpProxyAgent } from 'http-proxy-agent'
import nock from 'nock'
import fetch from 'node-fetch'
import superagent from 'superagent'
import { runInThisContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { traceHttp } from './index.js'

const tracedKit = async (): Promise<KitTracer> => {
  const kit = await openKitTracer()
  traceHttp(kit.tracer)
  return kit
}

/** Sends a request and reads its response, as Node's documentation shows it. */
async function get(url: string, options: http.RequestOptions = {}): Promise<string> {
  const sent = http.get(url, options)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return text(response)
}

const closed = (sent: http.ClientRequest): Promise<unknown> =>
  new Promise((resolve) => sent.once('close', resolve))

const outcomes = (calls: readonly { readonly outcome: string | null }[]): (string | null)[] =>
  calls.map(({ outcome }) => outcome)

describe('clients over node:http', () => {
  it('are recorded: got with its retries', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const retry = {
      limit: 2,
      calculateDelay: ({ computedValue }: { computedValue: number }) => computedValue && 1,
    }
    const { calls } = await inHop(kit, () => got(`${server.url}/failing`, { retry }).catch(() => undefined))
    expect(outcomes(calls)).toEqual(['503', '503', '503'])
    expect(new Set(server.seen.map(({ headers }) => headers['traceparent'])).size).toBe(3)
  })

  it('are recorded: superagent, which sets its headers late, with its redirects', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const { calls, record } = await inHop(kit, async () => {
      await superagent
        .get(`${server.url}/hop-1`)
        .set('TraceParent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`)
    })
    expect(outcomes(calls)).toEqual(['302', '307', '200'])
    for (const { headers } of server.seen) expect(headers['traceparent']).toContain(record.traceId)
  })

  it('are recorded: node-fetch, with its redirects and a body that breaks off', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, async () => {
      await (await fetch(`${server.url}/hop-1`)).text()
      await (await fetch(`${server.url}/broken-off`)).text().catch(() => undefined)
    })
    expect(outcomes(calls)).toEqual(['302', '307', '200', 'ECONNRESET'])
  })

  it('are recorded once: axios that another adapter traces', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const client = traceAxios(axios.create(), kit.tracer)
    const { calls } = await inHop(kit, () => client.get(`${server.url}/hop-1`))
    expect(outcomes(calls)).toEqual(['302', '307', '200'])
    expect(server.seen).toHaveLength(3)
  })

  it('are recorded once: a call that the application records by itself', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, async () => {
      const call = kit.tracer.hop?.call(server.url)
      await get(`${server.url}/ok`, { headers: { ...call?.headers } })
      call?.end(200)
      // The same headers again are those of a call that has ended.
      await get(`${server.url}/ok`, { headers: { ...call?.headers } })
    })
    expect(outcomes(calls)).toEqual(['200', '200'])
    expect(new Set(server.seen.map(({ headers }) => headers['traceparent'])).size).toBe(2)
  })

  it('are recorded by the tracer whose hop is the current one', async () => {
    await using server = await startKitServer()
    await using one = await tracedKit()
    await using other = await tracedKit()
    traceHttp(one.tracer)
    const { calls } = await inHop(other, () => get(`${server.url}/ok`))
    expect(outcomes(calls)).toEqual(['200'])
    expect(await one.records()).toEqual([])
  })

  it('are answered by nock, with the headers and options of the application', async () => {
    await using kit = await tracedKit()
    try {
      nock('http://inventory.example').get('/stock').reply(200, { cups: 4 })
      const { result } = await inHop(kit, () => got('http://inventory.example/stock').json())
      expect(result).toEqual({ cups: 4 })
    } finally {
      nock.cleanAll()
      nock.restore()
    }
  })
})

describe('a request of node:http', () => {
  it('has the current hop also where it is sent later, from outside of the hop', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const later: http.ClientRequest[] = []
    const { record } = await inHop(kit, async () => {
      later.push(http.request(`${server.url}/ok`))
      return Promise.resolve()
    })
    const [sent] = later
    sent?.end()
    const [response] = (await once(sent as object as NodeJS.EventEmitter, 'response')) as [IncomingMessage]
    await text(response)
    expect(server.seen[0]?.headers['traceparent']).toContain(record.traceId)
    await kit.eventually(({ next }) => next[0]?.outcome === '200')
  })

  it('has our headers whatever form those of the application have, which stay as they are', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const host = `127.0.0.1:${server.port}`
    const foreign = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
    const forms = [
      { 'X-Own': 'kept', TraceParent: foreign },
      ['Host', host, 'X-Own', 'kept', 'TraceParent', foreign],
      { 'X-Own': 'kept', Expect: '100-continue' },
    ] as const
    const given = structuredClone(forms)
    const { calls, record } = await inHop(kit, async () => {
      for (const headers of forms) await get(`${server.url}/ok`, { headers: headers as never })
    })
    expect(forms).toEqual(given)
    expect(calls.map(({ target, outcome }) => [target, outcome])).toEqual(Array(3).fill([host, '200']))
    for (const { headers } of server.seen) {
      expect(headers['traceparent']).toContain(record.traceId)
      expect(headers['x-own']).toBe('kept')
    }
  })

  it('shows the application its own headers alone', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const seen: unknown[] = []
    await inHop(kit, async () => {
      const sent = http.get(`${server.url}/ok`, { headers: { 'x-own': 'kept' } })
      seen.push(sent.getHeaderNames(), Object.keys(sent.getHeaders()), sent.listenerCount('response'))
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await text(response)
    })
    expect(seen).toEqual([['x-own', 'host'], ['x-own', 'host'], 0])
  })

  it('is for the host and port that are dialled, whatever its Host header says', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, async () => {
      await get(`${server.url}/ok`, { headers: { host: 'shop.example' } })
      await get(`${server.url}/ok`, { agent: new Agent({ keepAlive: true, maxSockets: 1 }) })
    })
    expect(calls.map(({ target }) => target)).toEqual(Array(2).fill(`127.0.0.1:${server.port}`))
  })

  it('goes through the proxy of an agent that has the head written again', async () => {
    await using server = await startKitServer()
    const seen: http.IncomingHttpHeaders[] = []
    await using proxy = await listen(
      http.createServer((req, res) => {
        seen.push(req.headers)
        res.end('by proxy')
      }),
    )
    await using kit = await tracedKit()
    const agent = new HttpProxyAgent(proxy.url)
    const { calls, record } = await inHop(kit, () => get(`${server.url}/ok`, { agent }))
    expect(calls).toMatchObject([
      { target: `127.0.0.1:${server.port}`, via: `127.0.0.1:${proxy.port}`, outcome: '200' },
    ])
    expect(seen[0]?.['traceparent']).toContain(record.traceId)
  })

  it('records an upgrade as answered by 101', async () => {
    const upgrading = http.createServer()
    upgrading.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: kit\r\nConnection: Upgrade\r\n\r\n')
    })
    await using server = await listen(upgrading)
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, async () => {
      const sent = http.get(server.url, { headers: { connection: 'upgrade', upgrade: 'kit' } })
      const [, socket] = (await once(sent, 'upgrade')) as [
        unknown,
        NodeJS.WritableStream & { destroy(): void },
      ]
      socket.destroy()
    })
    expect(outcomes(calls)).toEqual(['101'])
  })

  it.each([
    ['destroy', (sent: http.ClientRequest) => sent.destroy()],
    ['abort', (sent: http.ClientRequest) => sent.abort()],
  ])(
    'records what the application gives up as cancelled, before it has a socket and after: %s',
    async (_, giveUp) => {
      await using server = await startKitServer()
      await using kit = await tracedKit()
      const { calls } = await inHop(kit, async () => {
        const early = http.get(`${server.url}/never`)
        giveUp(early.on('error', () => undefined))
        await closed(early)
        const late = http.get(`${server.url}/never`).on('error', () => undefined)
        // Deno emits no 'close' of such a request.
        await new Promise((resolve) => {
          late.once('socket', (socket) => socket.once('close', resolve).once('connect', () => giveUp(late)))
        })
      })
      expect(outcomes(calls)).toEqual(['ERR_CANCELED', 'ERR_CANCELED'])
    },
  )

  it('records nothing where it is given up before it leaves', async () => {
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, async () => {
      const sent = http.request('http://127.0.0.1:1/').on('error', () => undefined)
      sent.destroy()
      await closed(sent)
    })
    expect(calls).toEqual([])
  })

  it('records a response that its reader gives up as cancelled', async () => {
    await using endless = await listen(http.createServer((_, res) => void res.write('one ')))
    await using kit = await tracedKit()
    const { calls } = await inHop(kit, async () => {
      const [response] = (await once(http.get(endless.url), 'response')) as [IncomingMessage]
      response.destroy()
      await once(response, 'close')
    })
    expect(outcomes(calls)).toEqual(['ERR_CANCELED'])
  })

  it('throws what it throws without hoptrace', async () => {
    await using kit = await tracedKit()
    const thrown = (): unknown => {
      try {
        return http.get('http://127.0.0.1/', { headers: { 'x-bad': 'a\nb' } })
      } catch (error) {
        return String(error)
      }
    }
    const bare = thrown()
    expect((await inHop(kit, () => Promise.resolve(thrown()))).result).toBe(bare)
  })
})

describe('Node itself', () => {
  it('has its own methods again when the last tracer has closed', async () => {
    const methods = () =>
      [Agent.prototype, https.Agent.prototype, ClientRequest.prototype].map((prototype) =>
        ['addRequest', '_storeHeader', 'destroy'].map((name) => [
          Reflect.get(prototype, name) as unknown,
          Object.hasOwn(prototype, name),
        ]),
      )
    const before = methods()
    const kit = await tracedKit()
    expect(methods()).not.toEqual(before)
    await kit[Symbol.asyncDispose]()
    expect(methods()).toEqual(before)
    const again = await tracedKit()
    expect(methods()).not.toEqual(before)
    await again[Symbol.asyncDispose]()
    expect(methods()).toEqual(before)
  })

  it('tells other subscribers of its channels as before', async () => {
    await using server = await startKitServer()
    await using kit = await tracedKit()
    const told: string[] = []
    const listener = (_: unknown, name: string | symbol): void => void told.push(String(name))
    subscribe('http.client.response.finish', listener)
    await inHop(kit, () => get(`${server.url}/ok`))
    unsubscribe('http.client.response.finish', listener)
    expect(told).toEqual(['http.client.response.finish'])
  })
})

describe('README.md', () => {
  it('shows an example that runs', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
    const body = example.replace(/^import .*\n/gm, '').replace(/^const tracer = .*\n/m, '')
    const run = runInThisContext(`(async (tracer, traceHttp, got) => {${body}})`) as (
      ...given: unknown[]
    ) => Promise<void>
    await run(kit.tracer, traceHttp, () => got(`${server.url}/ok`))
    const record = await kit.eventually(({ state }) => state === 'closed')
    expect(outcomes(record.next)).toEqual(['200'])
  })
})
