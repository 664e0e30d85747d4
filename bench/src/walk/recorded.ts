import { createTracer, type HopId, type StoreSpec, type Tracer } from '@hoptrace/core'

/** The services of a trace, each calling the next. */
export const services = ['gateway', 'orders', 'payments', 'inventory', 'shipping']

/** What services are made with. */
export interface Recording {
  readonly dataDir: string
  readonly clusterKey: string
  readonly store?: StoreSpec
  /** Of the first service; the others have the next ports. */
  readonly firstPort: number
}

function trace(
  tracers: readonly Tracer[],
  { level, firstPort, orderId }: { level: number; firstPort: number; orderId: string },
  headers: Readonly<Record<string, string>>,
): HopId | undefined {
  const tracer = tracers[level] as Tracer
  // As a service is called: the hop takes the id that its caller assigned.
  const job = tracer.begin({ name: `/${tracer.service}`, headers, isRequest: true })
  job?.run(() => {
    job.hop.event('work.done', { items: level })
    if (level === 0) job.hop.setKey('orderId', orderId)
    if (level + 1 < tracers.length) {
      const call = job.hop.call({ url: `http://127.0.0.1:${firstPort + level + 1}/`, method: 'POST' })
      trace(tracers, { level: level + 1, firstPort, orderId }, call.headers)
      call.end(200)
    }
  })
  job?.end()
  return job?.hop.id
}

/** Records traces through five tracers of this process until so many hops are stored, and closes the tracers. */
export async function record(
  { dataDir, clusterKey, store, firstPort }: Recording,
  hops: number,
): Promise<[HopId, string][]> {
  const tracers = services.map((service, i) =>
    createTracer({
      service,
      dataDir,
      clusterKey,
      ...(store === undefined ? {} : { store }),
      address: `127.0.0.1:${firstPort + i}`,
      trust: 'context',
      windowMillis: 1000,
      graceMillis: 500,
    }),
  )
  const traces: [HopId, string][] = []
  for (let i = 0; i < hops / services.length; i++) {
    const orderId = `o-${firstPort}-${i}`
    const id = trace(tracers, { level: 0, firstPort, orderId }, {})
    if (id !== undefined) traces.push([id, orderId])
    if (i % 500 === 499) await Promise.all(tracers.map((tracer) => tracer.flush()))
  }
  await Promise.all(tracers.map((tracer) => tracer.close()))
  return traces
}
