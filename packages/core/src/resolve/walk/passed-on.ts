import { rebaseId } from '../../id/index.js'
import type { CallRecord, HopRecord } from '../../record/record.js'
import type { HopEvidence, Place } from '../verdict/evidence.js'
import type { Found } from './found.js'

/** The hop of a gateway that passed on the headers that it got, with the call that it must have made. */
export interface PassedOn {
  readonly found: Found & Pick<HopEvidence, 'passedOn'>
  /** The place of that call in its `next`. */
  readonly index: number
}

/** As the first hop behind the gateway shows it. */
export function passedOn(gateway: Found, behind: readonly Found[]): PassedOn {
  const { hopId, service, method, instance, startNanos } = behind[0]?.record ?? gateway.record
  const sinceMicros = Number((startNanos - gateway.record.startNanos) / 1000n)
  return withCall(gateway, { hopId, target: instance.address, service, method }, Math.max(0, sinceMicros))
}

/** To a place behind the gateway of which nothing can be read. */
export function passedOnUnread(gateway: Found, { hopId, service, instance }: Place): PassedOn {
  const { method } = gateway.record
  return withCall(gateway, { hopId: rebaseId(hopId, instance), target: instance, service, method }, 0)
}

/** The call ended as the gateway answered. */
function withCall(
  gateway: Found,
  made: Pick<CallRecord, 'hopId' | 'target' | 'service' | 'method'>,
  sinceMicros: number,
): PassedOn {
  const { record } = gateway
  const { durationMicros } = record
  const offsetMicros = Math.min(sinceMicros, durationMicros ?? Infinity)
  const call: CallRecord = {
    ...made,
    outcome: outcomeOf(record),
    offsetMicros,
    durationMicros: durationMicros === null ? null : durationMicros - offsetMicros,
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
