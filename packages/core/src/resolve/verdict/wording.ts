import type { Finding } from './weigh.js'
import type { CallRecord } from '../../record/record.js'
import { isMessage, messageSent } from '../../record/destination.js'
import { isoNanos } from '../../base/iso.js'
import { cellOfCall, healthOf } from './cell.js'
import type { CalleeEvidence, EvidenceTree, HopEvidence, Place, Told } from './evidence.js'
import type { Cell } from './table.js'

const maxNotes = 200

/** The evidence of one fault, from what the caller saw to what the callee left. */
export function wordFault(tree: EvidenceTree, { node, call }: Finding): string[] {
  const hop = tree.hops[node]
  if (hop === undefined) return []
  const callee = call === null ? undefined : hop.callees[call]
  const made = call === null ? undefined : hop.record.next[call]
  if (callee !== undefined && made !== undefined) return wordCall(tree, hop, made, callee)
  const caller = hop.parent === null ? undefined : tree.hops[hop.parent]
  const through = hop.call === null ? undefined : caller?.record.next[hop.call]
  const lines =
    caller === undefined || through === undefined
      ? []
      : wordCall(tree, caller, through, { kind: 'hop', node })
  return [...lines, ...wordHop(hop), ...wordOwnCalls(tree, hop)]
}

/**
 * Remarks that are no faults: answers with a lost or pending record, processes that ended after an answer.
 */
export function wordNotes(tree: EvidenceTree): string[] {
  const lines: string[] = []
  for (const hop of tree.hops) {
    if (hop.record.lost > 0) lines.push(asTold(wordLoss(hop), hop))
    if (hop.blockedSince !== undefined && healthOf(hop) === 'open')
      lines.push(asTold(`${hop.record.service} ${hop.record.instance.address} ${stateOf(hop)}`, hop))
    for (const [index, callee] of hop.callees.entries()) {
      const call = hop.record.next[index]
      if (call === undefined) continue
      const cell = cellOfCall(tree, hop, call, callee)
      const ended = callee.kind === 'hop' && healthOf(tree.hops[callee.node] as HopEvidence) === 'interrupted'
      if (noted.has(cell) || (cell === 'had-answered' && ended)) {
        const other = callee.kind === 'hop' ? (tree.hops[callee.node] as HopEvidence) : callee
        lines.push(...wordCall(tree, hop, call, callee).map((line) => asTold(asTold(line, hop), other)))
      }
      if (lines.length > maxNotes) return lines.slice(0, maxNotes)
    }
  }
  return lines
}

/** A line that rests on the word of another instance. */
function asTold(line: string, { toldBy }: Told): string {
  const says = `, says ${toldBy}`
  return toldBy === undefined || line.endsWith(says) ? line : `${line}${says}`
}

const noted = new Set<Cell>([
  'record-lost',
  'record-pending',
  'unclear',
  'died-unconfirmed',
  'failed-pending',
  'reply-lost',
  'too-slow',
  'waiting',
])

/** The meaning of a cell, if it is more than its two facts. */
const meanings: Partial<Record<Cell, string>> = {
  'record-lost': 'it answered, its record is lost',
  'record-pending': 'it answered, its record is pending',
  'failed-pending': 'failed there, its record is pending and may name a deeper origin',
  'failed-there': 'failed there',
  'reply-lost': 'the reply was lost on the way back',
  'died-unconfirmed': 'died there, unconfirmed',
  died: 'died there',
  'died-or-unread': 'died there or was never read',
  'never-read': 'never got there: no process took it',
  'died-or-undelivered': 'died there or was not delivered',
  unreachable: 'never got there',
  hanging: 'hanging there',
  unclear: 'cannot tell yet',
}

function wordCall(tree: EvidenceTree, hop: HopEvidence, call: CallRecord, callee: CalleeEvidence): string[] {
  const cell = cellOfCall(tree, hop, call, callee)
  const place = callee.kind === 'hop' ? undefined : callee.suspect
  const other = callee.kind === 'hop' ? tree.hops[callee.node]?.record : undefined
  const who =
    place !== undefined
      ? nameOf(place)
      : other !== undefined
        ? `${other.service} ${other.instance.address}`
        : call.target
  const after = call.durationMicros === null ? '' : ` after ${millis(call.durationMicros)}`
  const lines = [isMessage(call) ? wordSending(hop, call) : wordAnswer(hop, call, `${who}${after}`)]
  if (cell === 'waiting' && callee.kind !== 'hop' && callee.kind !== 'untraced') return [callee.says]
  if (callee.kind !== 'hop' && callee.kind !== 'untraced')
    lines.push(`${meanings[cell] ?? cell}: ${callee.says}`)
  else if (cell === 'too-slow' && other !== undefined) {
    lines.push(`${who} was too slow: finished after ${millis(other.durationMicros ?? 0)}`)
  } else if (other !== undefined && meanings[cell] !== undefined) {
    lines.push(
      `${meanings[cell]}: ${who} ${stateOf(tree.hops[(callee as { node: number }).node] as HopEvidence)}`,
    )
  } else if (cell === 'unreachable') lines.push(`${meanings[cell]}: ${who} is not registered`)
  if (cell === 'died' && isMessage(call)) lines.push('the broker may deliver the message again')
  return lines
}

function wordAnswer({ record }: HopEvidence, { outcome }: CallRecord, from: string): string {
  return outcome === null
    ? `${record.service} has no answer from ${from}`
    : `${record.service} saw ${outcome} from ${from}`
}

function wordSending({ record }: HopEvidence, { outcome, target }: CallRecord): string {
  if (outcome === messageSent) return `${record.service} sent a message to ${target}`
  const what = `${record.service} was sending a message to ${target}`
  return outcome === null ? what : `${what}, and saw ${outcome}`
}

/** Calls whose failure became the hop's own: the callee finished, or is not ours. */
function wordOwnCalls(tree: EvidenceTree, hop: HopEvidence): string[] {
  const lines: string[] = []
  for (const [index, callee] of hop.callees.entries()) {
    const call = hop.record.next[index]
    if (call === undefined || call.outcome === null) continue
    const cell = cellOfCall(tree, hop, call, callee)
    const untraced = cell === 'untraced' && !/^[1-4]/.test(call.outcome)
    if (
      untraced ||
      cell === 'reply-lost' ||
      cell === 'too-slow' ||
      cell === 'caller-error' ||
      cell === 'look-deeper' ||
      cell === 'gave-up'
    ) {
      lines.push(...wordCall(tree, hop, call, callee), ...(untraced ? [`${call.target} is not traced`] : []))
    }
    if (lines.length > 20) break
  }
  return lines
}

function wordHop(hop: HopEvidence): string[] {
  const { record } = hop
  const who = `${record.service} ${record.instance.address}`
  const lines = [`${who} ${stateOf(hop)}`, ...(record.lost > 0 ? [wordLoss(hop)] : [])]
  if (record.crash !== null) lines.push(`${who} left a reason: ${record.crash}`)
  if (record.error !== null) lines.push(`${who} failed: ${record.error.name}: ${record.error.message}`)
  return lines
}

/** An event loop that does not turn. */
export function wordBlocked(sinceMillis: number): string {
  return `its event loop has not turned since ${isoNanos(BigInt(Math.floor(sinceMillis)) * 1_000_000n)}`
}

function wordLoss({ record: { service, instance, lost } }: HopEvidence): string {
  const entries = lost === 1 ? 'an entry' : `${lost} entries`
  return `the log of ${service} ${instance.address} is damaged: ${entries} of this hop could not be read`
}

function stateOf(hop: HopEvidence): string {
  const { record } = hop
  switch (healthOf(hop)) {
    case 'interrupted':
      return 'ended while the hop was open: interrupted'
    case 'open':
      return hop.blockedSince === undefined
        ? 'is still open'
        : `is still open: ${wordBlocked(hop.blockedSince)}`
    case 'open?':
      if (record.lost > 0) return 'has it open according to the readable part of its log'
      if (record.state === 'interrupted') return 'had it open when its tracer was closed'
      return 'has it open, and does not answer'
    case 'slow':
      return `closed after ${millis(record.durationMicros ?? 0)}, when its caller had gone`
    default:
      return `closed${record.status === null ? '' : ` with ${record.status}`} after ${millis(record.durationMicros ?? 0)}`
  }
}

function nameOf({ service, instance }: Place): string {
  return service === instance ? instance : `${service} ${instance}`
}

function millis(micros: number): string {
  return `${(micros / 1000).toFixed(micros < 10_000 ? 1 : 0)} ms`
}

const units: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** `7 days`, `90 seconds`: in the largest unit that needs no fraction. */
export function wordSeconds(seconds: number): string {
  const [unit, name] = units.find(([size]) => seconds % size === 0) ?? [1, 'second']
  const count = seconds / unit
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
