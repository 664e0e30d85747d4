import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { runInThisContext } from 'node:vm'
import {
  exchange,
  openKitTracer,
  serveFetch,
  serverAdapterSuite,
  type KitRoute,
  type ServedFetch,
  type ServerSetup,
} from '@hoptrace/testkit'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

const isDeno = 'deno' in process.versions

/** A router of a few lines. */
function handlerOf({ routes }: ServerSetup) {
  return async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    for (const route of routes) {
      const params = paramsOf(route, request.method, pathname)
      if (params === undefined) continue
      return answer(route, request, params)
    }
    return new Response('nothing here', { status: 404 })
  }
}

async function answer(route: KitRoute, request: Request, params: Record<string, string>): Promise<Response> {
  const body: unknown = request.method === 'POST' ? await request.json() : undefined
  const reply = await route.handle({ params, body } as Parameters<KitRoute['handle']>[0])
  if (reply === undefined || 'passOn' in reply) throw new Error('only for handlers that have objects of Node')
  const { status, headers = {}, body: sent } = reply
  if (sent === undefined) return new Response(null, { status, headers })
  if (sent instanceof Readable)
    return new Response(Readable.toWeb(inBytes(sent)) as ReadableStream, { status, headers })
  if (typeof sent === 'string' || Buffer.isBuffer(sent))
    return new Response(sent as string, { status, headers })
  return Response.json(sent, { status, headers })
}

function paramsOf({ method, path, mount = '' }: KitRoute, asked: string, pathname: string) {
  if (method !== asked && !(method === 'GET' && asked === 'HEAD')) return undefined
  const pattern = (mount + path).replace(/:(\w+)/g, '(?<$1>[^/]+)')
  const found = new RegExp(`^${pattern}$`).exec(pathname)
  return found === null ? undefined : { ...found.groups }
}

serverAdapterSuite({
  name: 'a handler of requests',
  supports: {
    asyncErrors: true,
    passOn: false,
    handled: true,
    nodeObjects: false,
    framework: false,
    connection: !isDeno,
  },
  create: (setup) => {
    const handler = handlerOf(setup)
    return serveFetch(setup.tracer === undefined ? handler : hoptrace(setup.tracer)(handler), setup.onError)
  },
})

describe('a handler of requests', () => {
  it('has its hop in what makes a stream, whose events are in the record', async () => {
    await using kit = await openKitTracer()
    const seen = new Set<unknown>()
    let parts = 0
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      await sleep(1)
      seen.add(kit.tracer.hop?.traceId)
      kit.tracer.hop?.event('part.made')
      if (++parts === 10) controller.close()
      else controller.enqueue(new Uint8Array(10_000))
    }
    await using server = await serveFetch(
      hoptrace(kit.tracer)(() => new Response(new ReadableStream({ pull }))),
    )
    expect((await exchange(server.port, { path: '/' })).body).toHaveLength(90_000)
    const record = await kit.eventually(({ state }) => state === 'closed')
    expect(record).toMatchObject({ status: 200, aborted: false })
    expect(record.events).toHaveLength(10)
    expect(seen).toEqual(new Set([record.traceId]))
  })

  it('leaves an aborted hop with the error if its stream breaks', async () => {
    await using kit = await openKitTracer()
    let parts = 0
    const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
      await sleep(1)
      if (++parts === 3) controller.error(new Error('out of cups'))
      else controller.enqueue(new Uint8Array(10))
    }
    await using server = await serveFetch(
      hoptrace(kit.tracer)(() => new Response(new ReadableStream({ pull }))),
    )
    await exchange(server.port, { path: '/' }).catch(() => undefined)
    const record = await kit.eventually(({ state }) => state === 'closed')
    expect(record).toMatchObject({ status: 200, aborted: true, error: { message: 'out of cups' } })
  })

  it('keeps the length of a body that is no stream, and the headers of a redirect', async () => {
    await using kit = await openKitTracer()
    await using server = await serveFetch(
      hoptrace(kit.tracer)(({ url }) =>
        url.endsWith('/text') ? new Response('text') : Response.redirect('http://127.0.0.1/text', 307),
      ),
    )
    await using bare = await serveFetch(() => new Response('text'))
    const [text, expected] = [
      await exchange(server.port, { path: '/text' }),
      await exchange(bare.port, { path: '/' }),
    ]
    expect(text.headers['content-length']).toBe(expected.headers['content-length'])
    const redirect = await exchange(server.port, { path: '/' })
    expect(redirect).toMatchObject({ status: 307, headers: { location: 'http://127.0.0.1/text' } })
    expect(redirect.headers['traceresponse']).toMatch(/^00-/)
  })

  it('records a request once if it is wrapped twice', async () => {
    await using kit = await openKitTracer()
    const traced = hoptrace(kit.tracer)
    await using server = await serveFetch(traced(traced(() => new Response('ok'))))
    expect((await exchange(server.port, { path: '/' })).body.toString()).toBe('ok')
    expect(await kit.records()).toHaveLength(1)
  })
})

describe('README.md', () => {
  it('shows a handler of requests that runs', async () => {
    await using kit = await openKitTracer()
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```js\n(import { hoptrace }[^]*?)```/.exec(readme) ?? []
    const served: ServedFetch[] = []
    const serve = (options: { readonly fetch: ServedFetch }): void => void served.push(options.fetch)
    const body = example.replace(/^import .*\n/gm, '')
    const run = runInThisContext(`((tracer, hoptrace, Bun) => {${body}})`) as (...given: unknown[]) => void
    run(kit.tracer, hoptrace, { serve })
    await using server = await serveFetch(served[0] as ServedFetch)
    const answer = await exchange(server.port, { path: '/?order=42' })
    expect(JSON.parse(answer.body.toString())).toEqual({ ready: true })
    expect(await kit.records()).toMatchObject([{ state: 'closed', status: 200, keys: { orderId: '42' } }])
  })
})

/** A body on Deno takes no text. */
const inBytes = (parts: Readable): Readable =>
  parts.map((part: string | Uint8Array) => Buffer.from(part as string))
