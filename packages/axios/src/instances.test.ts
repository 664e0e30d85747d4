import { readdir, readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { ReadableStream } from 'node:stream/web'
import { inHop, openKitTracer, startKitServer } from '@hoptrace/testkit'
import axiosNewest, {
  type AxiosAdapter,
  type AxiosError,
  type AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios'
import MockAdapter from 'axios-mock-adapter'
import axios16 from 'axios16'
import { describe, expect, it } from 'vitest'
import { traceAxios } from './index.js'

/** What is left of a configuration that can be compared. */
const plain = ({ headers, adapter, ...config }: InternalAxiosRequestConfig): object => ({
  headers: { ...headers },
  adapter,
  names: Object.keys(config).sort(),
})

/** For what may be thrown as well. */
const asError = (value: unknown): Error => value as Error

const fail = (): never => {
  throw new Error('not to be read')
}

/** By a reader with a buffer of its own, where the runtime has such readers of what `fetch` gives. */
async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<string> {
  const read = async (): Promise<Uint8Array | undefined> => {
    const reader = stream.getReader({ mode: 'byob' })
    const { value } = await reader.read(new Uint8Array(3))
    await reader.cancel()
    return value
  }
  const value = await read().catch(async (error: unknown) => {
    await stream.cancel()
    return Buffer.from(String(error))
  })
  return Buffer.from(value ?? []).toString()
}

describe.each([
  ['axios 1', axiosNewest],
  ['axios 1.6.8', axios16],
])('a traced instance of %s', (_, axios) => {
  it('is the instance that was given', () => {
    const instance = axios.create()
    expect(traceAxios(instance, {} as never)).toBe(instance)
  })

  it('records a call once if it is traced twice', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(traceAxios(axios.create(), kit.tracer), kit.tracer)
    const { calls } = await inHop(kit, () => http.get(`${server.url}/ok`))
    expect(calls).toHaveLength(1)
  })

  it('gives the configurations and errors of its own axios, inside and outside a hop', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const bare = axios.create({ baseURL: server.url })
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const abort = new AbortController()
    const all = async (client: typeof http): Promise<unknown[]> => [
      plain((await client.post('/created?q=a b', { a: 1 }, { params: { c: ['d', '$:'] } })).config),
      ...(await Promise.all(
        [
          client.get('/failing'),
          client.get('/broken-off'),
          client.get('/reset'),
          client.get('/never', { timeout: 20 }),
          client.get('/never', { signal: AbortSignal.timeout(20) }),
          client.get('/never', { signal: abort.signal }),
          client.get('/ok', { adapter: 'none' }),
        ].map((sent) =>
          sent.then(
            () => 'answered',
            (error: AxiosError) => [
              error instanceof axios.AxiosError,
              error instanceof axios.CanceledError,
              axios.isCancel(error),
              error.message,
              error.code,
              error.config === undefined ? undefined : plain(error.config),
              error.response?.config === error.config,
              Object.keys(error),
            ],
          ),
        ),
      )),
    ]
    abort.abort()
    const expected = await all(bare)
    expect((await inHop(kit, () => all(http))).result).toEqual(expected)
    expect(await all(http)).toEqual(expected)
    expect(server.seen.map(({ path }) => path).filter((path) => path.startsWith('/created'))).toEqual(
      Array(3).fill(server.seen[0]?.path),
    )
  })

  it.each([
    ['no headers of our names', {}],
    ['one of them', { TraceState: 'own=1' }],
    ['both of them', { TRACEPARENT: 'own', TraceState: 'own=1' }],
  ])('sends a request with %s outside of a hop untouched that was sent in one', async (_what, own) => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const given = { headers: { 'X-Own': 'kept', ...own } }
    const { result } = await inHop(kit, async () => {
      const { config } = await http.get('/ok', given)
      const { config: failed } = await http.get('/failing', given).catch((error: AxiosError) => error)
      return [config, failed] as const
    })
    for (const config of [...result, given])
      await http.request({ url: '/ok', ...config }).catch(() => undefined)
    const [inside, , ...outside] = server.seen
    expect(inside?.headers['traceparent']).toMatch(/^00-/)
    expect(inside?.headers['tracestate']).toMatch(/^hoptrace=/)
    const names = ['traceparent', 'tracestate', 'x-own']
    const expected = new Map(
      Object.entries(given.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    expect(outside.map(({ headers }) => names.map((name) => headers[name]))).toEqual(
      Array(3).fill(names.map((name) => expected.get(name))),
    )
  })

  it('records what leaves by an adapter that replaced another, or that a request names', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const instance = axios.create({ baseURL: server.url })
    const mock = new MockAdapter(instance as never)
    const http = traceAxios(instance, kit.tracer)
    const custom: AxiosAdapter = async (config) => axios.create().request({ ...config, adapter: 'http' })
    const { calls } = await inHop(kit, async () => {
      mock.restore()
      await http.get('/ok')
      http.interceptors.request.clear()
      await http.get('/ok', { adapter: 'http' })
      await http.get('/ok', { adapter: ['xhr', 'http'] })
      await http.get('/ok', { adapter: custom })
      http.defaults.adapter = custom
      await http.get('/ok')
      await http.create().get('/ok')
    })
    expect(calls.map(({ outcome }) => outcome)).toEqual(Array(6).fill('200'))
    expect(server.seen.map(({ headers }) => headers['traceparent'] !== undefined)).toEqual(
      Array(6).fill(true),
    )
  })

  it.each([
    ['nothing', () => Promise.resolve(undefined)],
    ['null', () => Promise.resolve(null)],
    ['a text', () => Promise.resolve('text')],
    [
      'no headers',
      (config: InternalAxiosRequestConfig) => Promise.resolve({ status: 200, data: 'x', config }),
    ],
    ['a text as error', () => Promise.reject(asError('text'))],
    [
      'an error that cannot be read',
      () => Promise.reject(new Proxy({}, { get: () => fail(), getPrototypeOf: () => null }) as Error),
    ],
    [
      'a response that cannot be changed',
      (config: InternalAxiosRequestConfig) =>
        Promise.resolve(
          Object.freeze({ status: 200, data: new globalThis.ReadableStream(), headers: {}, config }),
        ),
    ],
    [
      'headers of its own',
      (config: InternalAxiosRequestConfig) => {
        config.headers = { ...config.headers } as typeof config.headers
        return Promise.resolve({ status: 200, data: 'x', headers: {}, config, statusText: '' })
      },
    ],
  ])('ends as the bare one when an adapter of the application gives %s', async (_name, adapter) => {
    await using kit = await openKitTracer()
    const send = async (http: typeof axiosNewest): Promise<unknown> => {
      try {
        const { status, config } = await http.get('http://127.0.0.1:1/x', {
          adapter: adapter as AxiosAdapter,
        })
        return [status, { ...config.headers }]
      } catch (error) {
        return error instanceof Error ? [error.name, error.message] : typeof error
      }
    }
    const bare = await send(axios.create() as typeof axiosNewest)
    const http = traceAxios(axios.create(), kit.tracer) as typeof axiosNewest
    let inside: unknown
    const { calls } = await inHop(kit, async () => (inside = await send(http)))
    expect(inside).toEqual(bare)
    expect(calls).toMatchObject([{ outcome: expect.any(String) as string }])
  })

  it('shows the transformations of the application what it would see without a tracer', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const seen: unknown[] = []
    const note = (what: string) =>
      function (this: InternalAxiosRequestConfig, data: unknown, headers: AxiosHeaders, status?: number) {
        const names = [headers, this.headers].map((one) => Object.keys(one.toJSON()).includes('traceparent'))
        seen.push([what, data, status, ...names, this.transformRequest, this.beforeRedirect])
        return typeof data === 'string' ? `${data}!` : data
      }
    const all = async (client: typeof axios): Promise<unknown[]> => {
      seen.length = 0
      const requests = [note('request'), note('request again')]
      const one = { transformRequest: requests, transformResponse: note('response') }
      const ok = await client.post('/created', 'x', one)
      const failed = await client.get('/failing', one).catch((error: AxiosError) => error.response)
      const configs = [ok.config, failed?.config].map(
        (config) => config?.transformResponse === one.transformResponse,
      )
      return [ok.data, failed?.data, configs, ...seen] as unknown[]
    }
    const expected = await all(axios.create({ baseURL: server.url }) as typeof axios)
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer) as typeof axios
    const { result, calls } = await inHop(kit, () => all(http))
    // Lists of transformations still have ours.
    const withoutLists = (rows: unknown[]): unknown[] =>
      rows.map((row) => (Array.isArray(row) ? row.filter((one) => !Array.isArray(one)) : row))
    expect(withoutLists(result)).toEqual(withoutLists(expected))
    expect(calls.map(({ outcome }) => outcome)).toEqual(['201', '503'])
  })

  it('records no call for a request that a transformation stops, and one when it is sent again', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const kept: InternalAxiosRequestConfig[] = []
    http.interceptors.request.use((config) => (kept.push(config), config), null, { synchronous: true })
    let stops = true
    const transformRequest = (data: unknown): unknown => {
      if (stops) throw new Error('not yet')
      return data
    }
    const { calls } = await inHop(kit, async () => {
      await expect(http.post('/created', 'x', { transformRequest })).rejects.toThrow('not yet')
      stops = false
      await http.request(kept[0] as InternalAxiosRequestConfig)
    })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['201'])
  })

  it('ends the call of a request that no adapter sends', async () => {
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create(), kit.tracer)
    const broken = (): never => {
      throw new Error('at once')
    }
    const { calls } = await inHop(kit, async () => {
      for (const adapter of ['none', ['none', 'http'], broken] as AxiosAdapter[])
        await http.get('http://127.0.0.1:1/x', { adapter }).catch(() => undefined)
    })
    expect(calls.map(({ outcome }) => typeof outcome)).toEqual(Array(3).fill('string'))
  })

  it('records requests that an interceptor of another request sends before it leaves', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    let inner: Promise<unknown> | undefined
    let isFirst = true
    http.interceptors.request.use((config) => config, null, {
      synchronous: true,
      runWhen: () => {
        if (!isFirst) return true
        isFirst = false
        inner = http.get('/failing').catch(() => undefined)
        return true
      },
    })
    const { calls } = await inHop(kit, async () => {
      await http.get('/ok')
      await inner
    })
    expect(calls.map(({ outcome }) => outcome).sort()).toEqual(['200', '503'])
  })

  it('records what an interceptor has frozen', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    http.interceptors.request.use((config) => Object.freeze(config))
    const { calls } = await inHop(kit, () => http.get('/ok'))
    expect(calls.map(({ outcome }) => outcome)).toEqual(['200'])
  })

  it('keeps the numbers and the order of interceptors', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const seen: unknown[] = []
    const note = (what: string) => (config: InternalAxiosRequestConfig) => {
      seen.push([what, typeof config.adapter])
      return config
    }
    expect(http.interceptors.request.use(note('a'))).toBe(0)
    http.interceptors.request.use(note('b'))
    const { calls } = await inHop(kit, async () => {
      await http.get('/ok')
      http.interceptors.request.eject(0)
      // Older releases do not know it.
      const option = 'legacyInterceptorReqResOrdering'
      const known = option in (axios.defaults.transitional ?? {})
      await http.get('/ok', known ? { transitional: { [option]: false } } : {})
    })
    expect(calls).toHaveLength(2)
    expect(seen.map((one) => (one as unknown[])[0])).toEqual(['b', 'a', 'b'])
    expect(seen.map((one) => (one as unknown[])[1])).not.toContain('function')
  })

  it('records a call to a socket without a host', async () => {
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create(), kit.tracer)
    const socketPath = '/tmp/hoptrace-no-such-socket'
    const { calls } = await inHop(kit, async () => {
      for (const url of ['/ok', 'ok', '']) await http.get(url, { socketPath }).catch(() => undefined)
    })
    expect(calls.map(({ via }) => via)).toEqual(Array(3).fill(`unix:${socketPath}`))
  })

  it('records each attempt of an interceptor that sends again, on the same configuration', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    let attempts = 0
    http.interceptors.response.use(undefined, (error: AxiosError) => {
      if (++attempts < 3 && error.config !== undefined) return http.request(error.config)
      throw error
    })
    const { calls } = await inHop(kit, () => http.get('/failing').catch(() => undefined))
    expect(calls.map(({ outcome }) => outcome)).toEqual(['503', '503', '503'])
    expect(new Set(server.seen.map(({ headers }) => headers['tracestate'])).size).toBe(3)
  })

  it('follows redirects again when a redirected request is repeated', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const { calls } = await inHop(kit, async () => {
      const { config } = await http.get('/hop-1')
      expect(config.beforeRedirect).toBeUndefined()
      await http.request(config)
    })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['302', '307', '200', '302', '307', '200'])
  })

  it('runs the redirect hook of the application, once for each redirect', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const seen: unknown[] = []
    const beforeRedirect = (
      options: Record<string, unknown>,
      response: { headers: Record<string, string> },
    ): void => {
      seen.push(response.headers['location'])
      options['headers'] = { ...(options['headers'] as object), 'x-redirected': String(seen.length) }
    }
    await inHop(kit, async () => {
      const { config } = await http.get('/hop-1', { beforeRedirect })
      expect(config.beforeRedirect).toBe(beforeRedirect)
    })
    expect(seen).toEqual(['/hop-2', '/ok'])
    expect(server.seen.map(({ headers }) => headers['x-redirected'])).toEqual([undefined, '1', '2'])
  })

  it('ends the call with the redirect if the hook of the application stops it', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const beforeRedirect = (): never => {
      throw new Error('no further')
    }
    const { calls } = await inHop(kit, () => http.get('/hop-1', { beforeRedirect }).catch(() => undefined))
    expect(calls.map(({ outcome }) => outcome)).toEqual(['302'])
  })

  it('takes the host from the base URL of a relative URL', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: `${server.url}/hop-1/..` }), kit.tracer)
    const { calls } = await inHop(kit, async () => {
      await http.get('ok')
      await http.get(`${server.url}/ok`, { baseURL: 'http://127.0.0.1:1' })
      await http.get('/ok', { baseURL: '' }).catch(() => undefined)
      await http.get('data:text/plain;base64,aGVsbG8=', { baseURL: '' })
    })
    expect(calls.map(({ target, outcome }) => [target, outcome])).toEqual([
      [`127.0.0.1:${server.port}`, '200'],
      [`127.0.0.1:${server.port}`, '200'],
    ])
  })

  it('records a stream that its reader gives up as cancelled', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ baseURL: server.url }), kit.tracer)
    const { calls } = await inHop(kit, async () => {
      const { data }: AxiosResponse<NodeJS.ReadableStream & { destroy(): void }> = await http.get(
        '/streamed',
        {
          responseType: 'stream',
        },
      )
      data.destroy()
      await new Promise((resolve) => data.once('close', resolve))
    })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ERR_CANCELED'])
  })
})

describe('the adapter', () => {
  it('imports nothing of axios: the application has its own', async () => {
    const dir = new URL('.', import.meta.url)
    const sources = (await readdir(dir)).filter((name) => !/\.(test|d)\.ts$/.test(name))
    expect(sources).toContain('index.ts')
    for (const name of sources) {
      expect(await readFile(new URL(name, dir), 'utf8'), name).not.toMatch(/['"]axios/)
    }
  })
})

describe('a traced instance over fetch', () => {
  it('hands out the stream of a body, which ends the call when it ends', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axiosNewest.create({ baseURL: server.url, adapter: 'fetch' }), kit.tracer)
    const open = async (path: string): Promise<ReadableStream<Uint8Array>> =>
      (await http.get<ReadableStream<Uint8Array>>(path, { responseType: 'stream' })).data
    const { calls, result } = await inHop(kit, async () => {
      const whole = await text(await open('/streamed'))
      const given = await open('/streamed')
      await given.cancel('enough')
      const broken = await text(await open('/broken-off')).catch(
        (error: unknown) => error instanceof TypeError,
      )
      return [whole, broken, await firstBytes(await open('/streamed'))]
    })
    const bare = await firstBytes((await fetch(`${server.url}/streamed`)).body as ReadableStream<Uint8Array>)
    expect(result).toEqual(['one two', true, bare])
    expect(calls.map(({ outcome }) => outcome)).toEqual(['200', 'ERR_CANCELED', 'ECONNRESET', 'ERR_CANCELED'])
  })
})
