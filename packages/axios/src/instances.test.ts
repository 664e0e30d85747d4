import { inHop, openKitTracer, startKitServer } from '@hoptrace/testkit'
import axios, { type AxiosError, type AxiosResponse } from 'axios'
import { describe, expect, it } from 'vitest'
import { traceAxios } from './index.js'

describe('a traced axios instance', () => {
  it('is the same instance', () => {
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

  it('records each attempt of an interceptor that repeats a request with the same configuration', async () => {
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

  it('records the outcome of a client with another adapter', async () => {
    await using server = await startKitServer()
    await using kit = await openKitTracer()
    const http = traceAxios(axios.create({ adapter: 'fetch' }), kit.tracer)
    const { calls } = await inHop(kit, async () => {
      await http.get(`${server.url}/ok`)
      await http.get(`${server.url}/failing`).catch(() => undefined)
    })
    expect(calls.map(({ outcome }) => outcome)).toEqual(['200', '503'])
    expect(server.seen[0]?.headers['tracestate']).toContain(`hoptrace=${calls[0]?.hopId}-`)
  })

  it('records a stream as cancelled if its reader destroys it', async () => {
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
