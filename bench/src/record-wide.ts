import { createTracer, type Tracer } from '@hoptrace/core'

const ports: Readonly<Record<string, number>> = { gateway: 45_700, orders: 45_701, payments: 45_702 }

type Headers = Readonly<Record<string, string>>
type Work = (call: (to: string, work: Work) => void) => void

/** Does some work as a hop of a service. */
function handle(tracers: ReadonlyMap<string, Tracer>, service: string, headers: Headers, work: Work): string {
  const tracer = tracers.get(service) as Tracer
  return tracer.run({ name: `/${service}`, headers }, () => {
    const { hop } = tracer
    work((to, below) => {
      const call = hop?.call({ url: `http://127.0.0.1:${ports[to]}/`, method: 'POST' })
      handle(tracers, to, call?.headers ?? {}, below)
      call?.end(200)
    })
    return hop?.id ?? ''
  })
}

/**
 * Records a trace of `hops` hops, half of them called by one hop and up to 200 in a chain, all with the store below `dataDir`. Resolves to its id.
 */
export async function recordWide(dataDir: string, hops: number): Promise<string> {
  const tracers = new Map(
    Object.entries(ports).map(([service, port]) => [
      service,
      createTracer({ service, dataDir, address: `127.0.0.1:${port}`, windowMillis: 1000, graceMillis: 500 }),
    ]),
  )
  const leaf: Work = () => undefined
  const wide = Math.floor(hops / 2)
  const deep = Math.min(200, hops - wide - 1)
  const chain = (level: number): Work =>
    level <= 1 ? leaf : (call) => call(level % 2 === 0 ? 'orders' : 'payments', chain(level - 1))
  const rest = hops - 1 - deep - (wide + 1)
  const id = handle(tracers, 'gateway', {}, (call) => {
    call('orders', (callWide) => {
      for (let made = 0; made < wide; made++) callWide('payments', leaf)
    })
    if (deep > 0) call('payments', chain(deep))
    for (let made = 0; made < rest; made++) call('payments', leaf)
  })
  await Promise.all([...tracers.values()].map((tracer) => tracer.close()))
  return id
}
