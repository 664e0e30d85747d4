import type { CallRecord, HopRecord } from '../../record/record.js'
import type { HopEvidence } from '../verdict/evidence.js'
import type { Found } from './found.js'

/**
 * The hop of a gateway that passed on the headers that it got, with the call that it must have made: it ended as the gateway
 * answered. `index`: the place of that call in its `next`.
 */
export function passedOn(
  gateway: Found,
  behind: readonly Found[],
): { readonly found: Found & Pick<HopEvidence, 'passedOn'>; readonly index: number } {
  const { record } = gateway
  const first = behind[0]?.record ?? record
  const sinceMicros = Number((first.startNanos - record.startNanos) / 1000n)
  const offsetMicros = Math.min(Math.max(0, sinceMicros), record.durationMicros ?? Infinity)
  const call: CallRecord = {
    hopId: first.hopId,
    target: first.instance.address,
    service: first.service,
    method: first.method,
    outcome: outcomeOf(record),
    offsetMicros,
    durationMicros: record.durationMicros === null ? null : record.durationMicros - offsetMicros,
    servedBy: null,
    via: null,
    otherKey: null,
  }
  const next = [...record.next, call]
  return {
    found: { ...gateway, record: { ...record, next }, passedOn: 1 },
    index: next.length - 1,
  }
}

/** What a gateway saw, by what it answered. */
function outcomeOf({ state, aborted, status, error }: HopRecord): string | null {
  if (state !== 'closed') return null
  if (aborted) return 'ERR_CANCELED'
  return status === null ? (error === null ? '200' : '500') : String(status)
}
