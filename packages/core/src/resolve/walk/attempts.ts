import type { CallRecord, HopRecord } from '../../record/record.js'
import { isMessage } from '../../record/destination.js'
import { hopIdAddress } from '../../id/index.js'
import { deliveries } from '../verdict/deliveries.js'
import type { HopEvidence } from '../verdict/evidence.js'
import { sawOf } from '../verdict/saw.js'

/** The hops of one call: the deciding one, other attempts, and the hops that a gateway among them called. */
export interface Ordered<T> {
  readonly first: T | undefined
  readonly attempts: readonly T[]
  /** The hop that passed its headers on, and the hops that got them from it. */
  readonly behind: readonly T[]
}

/** Puts the hops of one call in order. */
export function ordered<T extends Pick<HopEvidence, 'record' | 'liveness'>>(
  hops: readonly T[],
  call: CallRecord,
): Ordered<T> {
  if (isMessage(call)) {
    const consumers = deliveries(hops)
    const [first, ...more] = consumers.map(({ decides }) => decides)
    return { first, attempts: [...more, ...consumers.flatMap(({ others }) => others)], behind: [] }
  }
  const gateway = hops.length < 2 ? undefined : hops.find((hop) => isGateway(hop.record, hops, call))
  if (gateway !== undefined) {
    const behind = byWeight(
      hops.filter((hop) => hop !== gateway),
      call,
    )
    return { first: gateway, attempts: [], behind }
  }
  const [first, ...attempts] = byWeight(hops, call)
  return { first, attempts, behind: [] }
}

/**
 * Whether it copied its incoming headers: it is the hop whose own address was dialled, while others have the
 * call's id too; or, if a name was dialled, the hop that lasted longer than all others.
 */
function isGateway(
  record: HopRecord,
  hops: readonly { readonly record: HopRecord }[],
  call: CallRecord,
): boolean {
  if (!hopIdAddress(call.hopId).startsWith('0.0.0.0:')) {
    const { hopId } = call
    return (
      record.hopId === hopId && hops.every(({ record: other }) => other === record || other.hopId !== hopId)
    )
  }
  const end = endNanos(record)
  return (
    end !== undefined &&
    hops.every(({ record: other }) => {
      if (other === record) return true
      const otherEnd = endNanos(other)
      return other.startNanos >= record.startNanos && otherEnd !== undefined && otherEnd <= end
    })
  )
}

function endNanos({ startNanos, durationMicros }: HopRecord): bigint | undefined {
  return durationMicros === null ? undefined : startNanos + BigInt(durationMicros) * 1000n
}

/** The one that answered first: by its header, by the status that the caller saw, then what ended last. */
function byWeight<T extends { readonly record: HopRecord }>(hops: readonly T[], call: CallRecord): T[] {
  const isSilent = sawOf(call.outcome) === 'silent'
  const weight = ({ record }: T): number => {
    if (record.hopId === call.servedBy?.hopId) return 0
    if (record.state === 'closed' && String(record.status) === call.outcome) return 1
    if (record.state === 'open') return isSilent ? 2 : 4
    return record.state === 'closed' ? 3 : 5
  }
  return [...hops].sort((a, b) => weight(a) - weight(b) || Number(b.record.startNanos - a.record.startNanos))
}
