import { LoggedCall, LoggedHop } from './logged-hop.js'
import { openedRecord } from './read-entries.js'
import { recordFromJson, recordToJson } from '../record/json-record.js'

/** A hop of the table, as the journal carries it over from deleted files. */
export interface HopState {
  readonly number: number
  readonly more: readonly number[]
  readonly idMillis: number
  readonly clean: boolean
  readonly keysPending: boolean
  readonly continued?: boolean
  /**
   * Entries read and missed under its last number; whether the log was damaged since its opening, and the
   * conclusion from that.
   */
  readonly entries: readonly [read: number, missed: number]
  readonly shaken: boolean
  readonly doubted: boolean
  readonly reopened: boolean
  /** The local number and index of each call, in the order of the record's `next`. */
  readonly calls: readonly (readonly [number: number, index: number])[]
  readonly record: string
}

/** @param damage The damage of the log so far. */
export function saveHop(hop: LoggedHop, damage: number): HopState {
  return {
    number: hop.number,
    more: hop.moreNumbers ?? [],
    idMillis: hop.idMillis,
    clean: !hop.dirty,
    keysPending: hop.keysPending,
    ...(hop.continued ? { continued: true } : {}),
    entries: [hop.entries, hop.missed],
    shaken: damage > hop.damageBefore,
    doubted: hop.doubted,
    reopened: hop.reopened,
    calls: hop.record.next.map(({ number, index }) => [number, index]),
    record: recordToJson(hop.record),
  }
}

/** Restores a hop. Throws if `state` is not from `saveHop`. */
export function restoreHop(state: HopState, damage: number): LoggedHop {
  const saved = recordFromJson(state.record)
  const record = openedRecord(saved, saved.service, saved.instance)
  const {
    state: hopState,
    durationMicros,
    route,
    status,
    error,
    aborted,
    keys,
    attributes,
    events,
    crash,
    shed,
    lost,
  } = saved
  Object.assign(record, { state: hopState, durationMicros, route, status, error, aborted, crash, shed, lost })
  Object.assign(record, { keys: { ...keys }, attributes: { ...attributes }, events: [...events] })
  record.next = saved.next.map((call, i) => {
    const [number, index] = state.calls[i] ?? [state.number, i]
    const { hopId, target, service, method, offsetMicros, outcome, durationMicros: micros, servedBy } = call
    const { via, otherKey } = call
    const restored = new LoggedCall(number, index, hopId, target, service, method, offsetMicros)
    return Object.assign(restored, { outcome, durationMicros: micros, servedBy, via, otherKey })
  })
  const hop = new LoggedHop(record, state.number, state.idMillis, 0)
  if (state.more.length > 0) hop.moreNumbers = [...state.more]
  hop.pendingCalls = record.next.filter(({ outcome }) => outcome === null).length
  hop.keysPending = state.keysPending
  hop.continued = state.continued === true
  hop.entries = state.entries[0]
  hop.missed = state.entries[1]
  hop.damageBefore = state.shaken ? damage - 1 : damage
  hop.doubted = state.doubted
  hop.reopened = state.reopened
  hop.shippedVersion = state.clean ? 0 : -1
  hop.restored = true
  return hop
}
