import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { KitRoute, ServerSupports } from './subject.js'

/** Each error is made once, so that its stack, which frameworks may answer, does not depend on the caller. */
export const kitErrors = {
  thrown: new Error('thrown by a handler'),
  rejected: new Error('rejected by a handler'),
  teapot: Object.assign(new Error('short and stout'), { status: 418, statusCode: 418, expose: true }),
  passedOn: Object.assign(new Error('passed on by a handler'), { code: 'E_KIT' }),
}

/** What the routes need from a test. */
export interface RouteHooks {
  /** The trace of the current hop. */
  readonly currentTrace: () => string | undefined
  /** Records an event of the current hop. */
  readonly event?: (name: string) => void
  /** Called before `/spied` answers. */
  readonly spy?: (exchange: Parameters<KitRoute['handle']>[0]) => void
  /** Answers `/by-hand` on the response itself. */
  readonly byHand?: (exchange: Parameters<KitRoute['handle']>[0]) => void | Promise<void>
  /** `/held`, `/mute` and `/tenants/:tenant/parcels/:parcel` answer once this resolves. */
  readonly gate?: Promise<void>
  readonly entered?: () => void
}

async function* slowly(chunks: readonly string[]): AsyncGenerator<string> {
  for (const chunk of chunks) {
    await setImmediate()
    yield chunk
  }
}

async function* forever(): AsyncGenerator<string> {
  for (;;) {
    await sleep(5)
    yield 'again '
  }
}

/** The application that every server adapter is tested with. */
export function kitRoutes(supports: ServerSupports, hooks: RouteHooks): KitRoute[] {
  const { currentTrace } = hooks
  const get = (path: string, handle: KitRoute['handle'], mount?: string): KitRoute => ({
    method: 'GET',
    path,
    handle,
    ...(mount === undefined ? {} : { mount }),
  })
  const text = (body: string | Buffer | Readable) => ({
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body,
  })

  const routes: KitRoute[] = [
    get('/items/:id', ({ params }) => ({
      status: 200,
      headers: { 'x-kit': '1' },
      body: { id: params['id'] },
    })),
    { method: 'POST', path: '/echo', handle: ({ body }) => ({ status: 201, body: { body } }) },
    get('/empty', () => ({ status: 204 })),
    get('/cached', () => ({ status: 304, headers: { etag: '"kit"' } })),
    get('/moved', () => ({ status: 302, headers: { location: '/items/1' } })),
    get('/large', () => text(Buffer.alloc(1_000_000, 'hoptrace'))),
    get('/endless', () => text(Readable.from(forever()))),
    get('/stream', () => text(Readable.from(slowly(['one', 'two', 'three'])))),
    get(
      '/orders/:order',
      ({ params }) => ({ status: 200, body: { order: params['order'] } }),
      '/tenants/:tenant',
    ),
    get('/throws', () => {
      throw kitErrors.thrown
    }),
    get('/teapot', () => {
      throw kitErrors.teapot
    }),
    get('/context/:id', async ({ params }) => {
      const seen = [currentTrace()]
      for (const step of [
        () => sleep(1 + (Number(params['id']) % 7)),
        () => setImmediate(),
        () => readFile(fileURLToPath(import.meta.url)),
        () => new Promise<void>((resolve) => process.nextTick(resolve)),
        () => Promise.all([sleep(1), Promise.resolve()]),
      ]) {
        await step()
        seen.push(currentTrace())
      }
      return { status: 200, body: { seen } }
    }),
    { method: 'POST', path: '/context', handle: () => ({ status: 200, body: { seen: [currentTrace()] } }) },
    get('/spied', (exchange) => {
      hooks.spy?.(exchange)
      return { status: 200, body: { spied: true } }
    }),
    get('/held', async () => {
      hooks.entered?.()
      await hooks.gate
      return { status: 200, body: { held: true } }
    }),
    get(
      '/parcels/:parcel',
      async () => {
        hooks.event?.('parcel.found')
        hooks.entered?.()
        await hooks.gate
        return { status: 200, body: { found: true } }
      },
      '/tenants/:tenant',
    ),
  ]
  if (supports.nodeObjects !== false) routes.push(...byHand(get, hooks))
  if (supports.asyncErrors) {
    routes.push(
      get('/rejects', async () => {
        await setImmediate()
        throw kitErrors.rejected
      }),
    )
  }
  if (supports.passOn) routes.push(get('/passes-on', () => ({ passOn: kitErrors.passedOn })))
  return routes
}

type Get = (path: string, handle: KitRoute['handle']) => KitRoute

/** Routes that answer on Node's response. */
function byHand(get: Get, hooks: RouteHooks): KitRoute[] {
  return [
    get('/raw', ({ res }) => {
      res.writeHead(201, 'Made', { 'x-raw': 'yes', trailer: 'x-after' })
      res.write('raw ')
      res.addTrailers({ 'x-after': 'done' })
      res.end('body')
      return undefined
    }),
    get('/callback', ({ res }) => {
      res.statusCode = 200
      res.write('first ')
      setTimeout(() => res.end('second', () => undefined), 5)
      return undefined
    }),
    get('/by-hand', async (exchange) => {
      await hooks.byHand?.(exchange)
      return undefined
    }),
    // It has answered by itself, as it says, and did not.
    get('/mute', async () => {
      hooks.entered?.()
      await hooks.gate
      return undefined
    }),
  ]
}
