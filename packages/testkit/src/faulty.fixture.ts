import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { beginInbound } from '@hoptrace/core'
import { HoptraceError, type Row, type Store } from '@hoptrace/core/store'
import { mapStore } from './examples/map-store.fixture.js'
import { serverAdapterSuite } from './server/suite.js'
import { storeKit } from './store-kit.js'

let names = 0

/** A store over a server that can be taken away, with one thing wrong. */
function faulty(name: string, spoil: (store: Store, isAway: () => boolean) => Store): void {
  storeKit({
    name,
    create: async () => {
      const rows = new Map<string, Row>()
      const table = `${++names}`
      let away = false
      const connect = (): Store => {
        const inner = mapStore(table, rows)
        const durable: Store = {
          ...inner,
          supports: { durable: true, shared: true, ttl: false },
          scan: async (range) => {
            if (away) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'the server is away')
            return inner.scan(range)
          },
        }
        return spoil(durable, () => away)
      }
      return {
        connect,
        away: async () => {
          away = true
          return { back: async () => void (away = false) }
        },
        remove: async () => undefined,
      }
    },
  })
}

faulty('right', (store) => store)
faulty('silent', (store) => ({ ...store, scan: (range) => store.scan(range).catch(() => []) }))
faulty('plain', (store, isAway) => ({
  ...store,
  scan: async (range) => {
    if (isAway()) throw Object.assign(new Error('away'), { code: 'HOPTRACE_STORE_UNAVAILABLE' })
    return store.scan(range)
  },
}))
faulty('urls', (store) => ({ ...store, url: `${store.url}-${++names}` }))
faulty('order', (store) => ({
  ...store,
  scan: async (range) => (await store.scan(range)).toReversed(),
}))

/** Never says `handled`. */
serverAdapterSuite({
  name: 'unhandled',
  supports: { asyncErrors: true, passOn: false, handled: true },
  create: ({ tracer, routes }) =>
    createServer((req: IncomingMessage, res: ServerResponse) => {
      const route = routes.find(({ path, mount = '' }) => mount + path === req.url)
      const inbound = tracer === undefined ? undefined : beginInbound(tracer, req, res)
      inbound?.route(() => route?.path)
      const handle = async (): Promise<void> => {
        const answer = await route?.handle({ req, res, params: {}, body: undefined })
        if (answer !== undefined && 'status' in answer) res.writeHead(answer.status).end()
        else if (route === undefined) res.end()
      }
      void (inbound === undefined ? handle() : inbound.run(handle)).catch(() => res.end())
    }),
})
