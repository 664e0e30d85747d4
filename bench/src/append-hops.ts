import type { HopId } from '@hoptrace/core/store'
import { IdGenerator } from '../../packages/core/src/id/index.js'
import type { LogHop } from '../../packages/core/src/log/entries.js'
import { FileHopLog } from '../../packages/core/src/log/file-hop-log.js'
import type { RunInfo } from '../../packages/core/src/rundir/run-info.js'

/** What a hop of the log has in it. */
export const shapes = ['leaf', 'call', 'call, event, key'] as const
export type Shape = (typeof shapes)[number]

const routes = ['/orders', '/orders/:id', '/orders/:id/items', '/health']
export const windowMillis = 10_000

/** A run that began an hour ago, and has no log yet. */
export function runShippedTo(storeUrl: string): RunInfo {
  return {
    service: 'orders',
    address: '10.0.0.7:4001',
    aliases: [],
    reached: [],
    boot: '',
    worker: 0,
    startNanos: BigInt(Date.now() - 3_600_000) * 1_000_000n,
    host: 'bench',
    pid: 1,
    endpoint: null,
    storeUrl,
    buckets: 1,
    windowMillis,
  }
}

/**
 * Appends the hops of about `hops / 5000` seconds of a service that answers 5,000 requests a second. Returns
 * the microseconds that each hop took, and the bytes of the log.
 */
export function appendHops(
  hops: number,
  shape: Shape,
  runDir: string,
  run: RunInfo,
): { micros: number; bytes: number } {
  const own = new IdGenerator({ address: run.address, worker: 0 })
  const caller = new IdGenerator({ address: '10.0.0.1:4000', worker: 0 })
  const log = new FileHopLog({ runDir, run: () => run, maxLogBytes: 2 ** 40 })
  // All times are computed before, so that only the log is measured.
  const ids: HopId[] = []
  let nanos = run.startNanos
  for (let i = 0; i < hops; i++) {
    nanos += BigInt(1 + Math.floor(Math.random() * 400_000))
    ids.push(
      (nanos.toString(16).padStart(16, '0') +
        caller.assign({ ip: '10.0.0.7', port: 4001 }).slice(16)) as HopId,
    )
  }
  const called = ids.map(() => own.assign({ ip: '10.0.0.9', port: 4002 }))
  const begin = performance.now()
  for (let i = 0; i < hops; i++) {
    const id = ids[i] as HopId
    const hop: LogHop = {
      id,
      traceId: called[i] as HopId,
      startNanos: run.startNanos + BigInt(i) * 200_000n + 150_000n,
      method: 'POST',
      parentSpan: null,
      link: null,
      assignedId: null,
      flags: 1,
      route: null,
      logNumber: 0,
      loggedRoute: null,
      rerouted: false,
      loggedEntries: 0,
    }
    if (shape !== 'leaf') {
      const hopId = called[i] as HopId
      log.call(hop, {
        index: 0,
        hopId,
        target: '10.0.0.9:4002',
        service: 'payments',
        method: 'POST',
        via: null,
        offsetMicros: 90,
      })
      const servedBy = { hopId, service: 'payments', address: '10.0.0.9:4002' }
      log.callEnd(hop, {
        index: 0,
        outcome: '200',
        durationMicros: 2000 + (i % 977),
        servedBy,
        otherKey: null,
      })
    }
    if (shape === 'call, event, key') {
      log.event(hop, 'payment.captured', 2500 + (i % 900), { amount: i % 10_000, currency: 'EUR' })
      log.key(hop, 'orderId', String(1_000_000 + i))
    }
    const route = routes[i % routes.length] as string
    log.close(hop, {
      durationMicros: 3000 + (i % 1999),
      route,
      status: 200,
      error: null,
      aborted: false,
      shed: 0,
    })
  }
  const micros = ((performance.now() - begin) * 1000) / hops
  const { bytes } = log.stats()
  log.end()
  return { micros, bytes }
}
