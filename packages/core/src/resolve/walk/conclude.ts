import { timing } from '../../base/timing.js'
import { hopIdNanos } from '../../id/index.js'
import { isoNanos } from '../../base/iso.js'
import type { Lookup, RunLiveness } from '../../record/lookup.js'
import type { InstanceRow } from '../../record/instance-row.js'
import type { HopId } from '../../id/types.js'
import type { CalleeEvidence, Place } from '../verdict/evidence.js'
import { wordBlocked, wordSeconds } from '../verdict/wording.js'
import { isExpired } from '../../record/kept.js'
import { isYetToCome, machineOf, type CallTimes } from './times.js'

/** What one run said, or why it could not be read. */
export interface Answer {
  readonly row: InstanceRow
  readonly lookup: Lookup | null
  readonly failure: string | null
  /** Its process serves nothing since then, milliseconds since the epoch. */
  readonly blockedSince?: number
}

const maxNamed = 5

/** Does the run that found a record still run? */
export function livenessOf(row: InstanceRow, lookup: Lookup): RunLiveness {
  if (lookup.kind === 'found' && lookup.liveness !== undefined) return lookup.liveness
  if (lookup.source === 'live') return 'alive'
  return row.state === 'running' ? 'unsure' : 'ended'
}

type Kind = 'unreadable' | 'unsure' | 'dropped' | 'not-taken' | 'ended-during' | 'ended'

/** How a call comes to the runs that are asked. */
export interface Arrival {
  /** Each of them writes what it takes of this call before its handler runs. @default false */
  readonly writesFirst?: boolean
  /** By something that may hold a request back, such as a proxy. @default false */
  readonly mayBeHeld?: boolean
}

/**
 * What the absence of a record in all runs that were asked proves: no more than the weakest of them, and of
 * several that ended, the one that was alive at the time of the call is the suspect. Pure.
 */
export function concludeAbsent(
  answers: readonly Answer[],
  times: CallTimes,
  id: HopId,
  arrival: Arrival = {},
): CalleeEvidence {
  const judged = answers.map((answer) => ({ ...answer, kind: kindOf(answer, id, times, arrival) }))
  const pick = (...kinds: Kind[]): typeof judged => judged.filter(({ kind }) => kinds.includes(kind))
  const weakest =
    [
      pick('unreadable'),
      pick('dropped'),
      pick('unsure'),
      pick('ended-during'),
      pick('ended'),
      pick('not-taken'),
    ].find((group) => group.length > 0) ?? []
  const first = weakest[0]
  if (first === undefined) throw new TypeError('no answers to conclude from')
  const suspect = suspectOf(first.row, id)
  const text = folded(weakest.map((answer) => says(answer, id)))
  const kind = first.kind
  if (kind === 'unreadable' || kind === 'dropped') return { kind, suspect, says: text }
  if (kind === 'unsure') return { kind, suspect, says: `${text}; ask again later` }
  // A run that ended, and another that was there and lived on: either may have had it.
  if (kind === 'ended' && pick('not-taken').some(({ row }) => competes(row, weakest, times))) {
    return { kind: 'unsure', suspect, says: `${text}; another run was there too` }
  }
  return { kind: 'absent', proof: kind, suspect, says: text }
}

/** The place of a run that may have taken a call. */
export function suspectOf(row: InstanceRow, id: HopId): Place {
  return { service: row.service, instance: row.address, hopId: id }
}

function kindOf({ row, lookup, failure }: Answer, id: HopId, times: CallTimes, arrival: Arrival): Kind {
  const { writesFirst = false, mayBeHeld = false } = arrival
  if (lookup === null || failure !== null || lookup.kind !== 'absent' || lookup.damage !== undefined)
    return 'unreadable'
  // A living run may not know yet what another run of its service has deleted.
  if (lookup.dropped || isExpired(row, hopIdNanos(id))) return 'dropped'
  const { final, throughNanos: through, aliveNanos: alive } = lookup
  if (final && writesFirst) return 'not-taken'
  if (through >= times.endNanos + timing.settleNanos && !isAhead(through, times)) {
    const isOneClock = times.machine === undefined || times.machine === machineOf(row)
    // The primary of node:cluster holds connections before it gives them to a worker.
    const isDirect = !mayBeHeld && row.worker === 0
    // A process that answers now answers after the call, whatever its clock shows.
    if ((isOneClock && isDirect) || lookup.source === 'live') return 'not-taken'
    return through >= times.endNanos + timing.clocksNanos ? 'not-taken' : 'unsure'
  }
  if (!final) return 'unsure'
  // Life alone does not prove that the process read its sockets: its shipping thread lives while its event loop is blocked.
  if (alive === undefined || isAhead(alive, times)) return 'ended'
  return alive >= times.startNanos ? 'ended-during' : 'ended'
}

/** Is it a time that is yet to come? That proves nothing about what was done by now. */
function isAhead(nanos: bigint, { endNanos }: CallTimes): boolean {
  return isYetToCome(nanos) && endNanos <= BigInt(Date.now()) * 1_000_000n
}

/** The same text for several runs of one address appears once. */
function folded(texts: readonly string[]): string {
  const runs = new Map<string, number>()
  for (const text of texts) runs.set(text, (runs.get(text) ?? 0) + 1)
  const said = [...runs].map(([text, count]) => (count === 1 ? text : `${text} (${count} runs)`))
  const more = said.length - maxNamed
  return [...said.slice(0, maxNamed), ...(more > 0 ? [`${more} more`] : [])].join('; ')
}

function competes(row: InstanceRow, ended: readonly Answer[], times: CallTimes): boolean {
  if (row.startNanos >= times.startNanos) return false
  return !ended.some(({ row: other, lookup }) => {
    const alive = lookup?.kind === 'absent' ? lookup.aliveNanos : undefined
    return (
      other.address !== row.address &&
      alive !== undefined &&
      alive + timing.lifeTrailNanos >= times.startNanos
    )
  })
}

/** What a run says of its absence, for people. */
function says({ row, lookup, failure, blockedSince }: Answer, id: HopId): string {
  const who = `${row.service} ${row.address}`
  if (lookup?.kind !== 'absent') return `${who} could not be read: ${failure ?? 'no answer'}`
  if (lookup.damage !== undefined) return lookup.damage
  if (isExpired(row, hopIdNanos(id)))
    return `${who} ${keepsWhat(row, hopIdNanos(id))}: one of ${isoNanos(hopIdNanos(id))} is older than its store keeps`
  if (lookup.dropped) return `unknown: dropped here: ${who} lost records of that time`
  if (lookup.final) return `${who} has ended and is known to its end, no record`
  const known = lookup.source === 'store' ? 'shipped' : 'known'
  const state = `${who} is ${known} through ${isoNanos(lookup.throughNanos)}, no record`
  return blockedSince === undefined ? state : `${state}; ${wordBlocked(blockedSince)}`
}

/** Why the store of a run does not have a record of that time any more. */
function keepsWhat({ keepsSeconds, deletedBeforeNanos }: InstanceRow, idNanos: bigint): string {
  if (keepsSeconds !== undefined && isExpired({ keepsSeconds }, idNanos))
    return `keeps records for ${wordSeconds(keepsSeconds)}`
  return `has deleted its records from before ${isoNanos(deletedBeforeNanos ?? 0n)}, which took more than its limit of bytes`
}
