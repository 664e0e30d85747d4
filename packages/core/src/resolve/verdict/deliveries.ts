import { healthOf } from './cell.js'
import type { HopEvidence } from './evidence.js'

/** One consumer of a message: the hop that says how far it got, and its other attempts. */
export interface Delivery<T> {
  readonly decides: T
  readonly others: readonly T[]
}

/**
 * The hops of one message, by consumer. A broker delivers a message to each consumer group, and again where
 * the consumer failed, so a hop is either another consumer's or another attempt of one. The service and the
 * name of its work (the route) tell the consumers apart.
 *
 * An attempt that succeeded decides for its consumer, also if the broker did not learn of it and delivered
 * again. Otherwise one that is at work decides, then one whose end is not known, then the last one.
 */
export function deliveries<T extends Pick<HopEvidence, 'record' | 'liveness'>>(
  hops: readonly T[],
): Delivery<T>[] {
  const consumers = new Map<string, T[]>()
  for (const hop of hops) {
    const { service, route } = hop.record
    const consumer = JSON.stringify([service, route])
    const known = consumers.get(consumer)
    if (known === undefined) consumers.set(consumer, [hop])
    else known.push(hop)
  }
  return [...consumers.values()].map((attempts) => {
    const [decides, ...others] = attempts.sort(byWeight) as [T, ...T[]]
    return { decides, others }
  })
}

type Attempt = Pick<HopEvidence, 'record' | 'liveness'>

function byWeight(a: Attempt, b: Attempt): number {
  return weightOf(a) - weightOf(b) || Number(b.record.startNanos - a.record.startNanos)
}

function weightOf(hop: Attempt): number {
  const health = healthOf(hop)
  if (health === 'ok' || health === 'slow') return 0
  if (health === 'open') return 1
  return health === 'open?' ? 2 : 3
}
