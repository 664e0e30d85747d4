import type { CallRecord, HopRecord } from '../../record/record.js'
import { hopIdAddress } from '../../id/index.js'
import { sawOf } from '../verdict/saw.js'

/** Hops that one call led to: the one that counts, those that were tried besides, and those behind a gateway among them. */
export interface Ordered<T> {
  readonly first: T | undefined
  readonly attempts: readonly T[]
  /** The hop that passed its headers on, and the hops that got them from it. */
  readonly behind: readonly T[]
}

/** Puts the hops of one call in order. */
export function ordered<T extends { readonly record: HopRecord }>(
  hops: readonly T[],
  call: CallRecord,
): Ordered<T> {
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
 * Did it pass on the headers that it got? The hop whose own address was dialled, when others have the call's id, too; where a name
 * was dialled, one that was at it for longer than all others.
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
