import { setTimeout as sleep } from 'node:timers/promises'
import { isStoreLocked } from '../../errors.js'
import type { CallRecord, HopRecord } from '../../hop/record.js'
import type { HopId } from '../../id/types.js'
import type { InstanceRow } from '../../store/instance-row.js'
import type { CalleeEvidence, EvidenceTree, Liveness, Place } from '../verdict/evidence.js'
import type { Lookup, RecordSource } from '../lookup.js'
import { isDropped } from '../sources/dropped.js'
import { sawOf } from '../verdict/saw.js'
import type { Candidates, InstanceIndex } from './candidates.js'
import { concludeAbsent, livenessOf, suspectOf, type Answer } from './conclude.js'
import { messageOf } from './message.js'
import type { Reads } from './reads.js'
import type { Errand, TraceSource } from './source.js'
import { callTimes, type CallTimes } from './times.js'

/** A hop's record, and whose it is. */
export interface Found {
  readonly record: HopRecord
  readonly row: InstanceRow
  readonly source: RecordSource
  readonly liveness: Liveness
  readonly outlived?: boolean
  readonly subtree: EvidenceTree | undefined
  /** What else was noticed, for people. */
  readonly notes: readonly string[]
}

/** What was found about one id. */
export type Located =
  { readonly kind: 'found'; readonly found: Found } | Exclude<CalleeEvidence, { kind: 'hop' }>

interface Candidate {
  readonly row: InstanceRow
  readonly lookup: Extract<Lookup, { kind: 'found' }>
  readonly subtree: EvidenceTree | undefined
}

function isSame(a: HopRecord, b: HopRecord): boolean {
  const { instance } = a
  return (
    a.hopId === b.hopId &&
    instance.address === b.instance.address &&
    instance.worker === b.instance.worker &&
    instance.startNanos === b.instance.startNanos
  )
}

/** How long an instance may take from its first request to its row in the registry. */
const registerMillis = 10_000

/**
 * Nobody is registered where the call went. Whoever answered without our header is not ours; a callee that gave no answer may
 * be one that has only just begun.
 */
function unregistered(call: CallRecord, { endNanos }: CallTimes): Exclude<CalleeEvidence, { kind: 'hop' }> {
  const { servedBy, hopId } = call
  if (servedBy !== null) {
    const suspect: Place = { service: servedBy.service, instance: servedBy.address, hopId }
    return {
      kind: 'unsure',
      suspect,
      says: `${servedBy.service} ${servedBy.address} is not registered yet; ask again later`,
    }
  }
  const suspect: Place = { service: call.service ?? call.target, instance: call.target, hopId }
  const saw = sawOf(call.outcome)
  const answered = saw === 'answered' || saw === 'error' || saw === 'unreachable'
  const ageMillis = Date.now() - Number(endNanos / 1_000_000n)
  if (answered || ageMillis > registerMillis) return { kind: 'untraced', suspect }
  return { kind: 'unsure', suspect, says: `${call.target} is not registered, or not yet; ask again later` }
}

/** A hop without an end, from a run that lost records of its time, may have ended well: its end may be what was lost. */
function unlessDropped(found: Found): Located {
  const { record, row } = found
  if (record.state === 'closed' || !isDropped(row.dropped, record.startNanos)) return { kind: 'found', found }
  const says = `unknown: dropped here: ${row.service} ${row.address} lost records of that time, the end of this hop may be among them`
  return { kind: 'dropped', suspect: suspectOf(row, record.hopId), says }
}

/** Finds hops by id over all runs that may have them. */
export class Locator {
  /**
   * Pauses, in milliseconds, of one question: a process that has just opened a store is not registered with it yet, and one
   * that ships what a dead run left, or reads it for another question, is soon done.
   */
  private readonly handovers = [50, 100, 150, 200, 250, 250]

  constructor(
    private readonly source: TraceSource,
    private readonly index: InstanceIndex,
    private readonly reads: Reads,
    private readonly signal: AbortSignal,
  ) {}

  /** The other end of a call. `host`: where the caller runs. */
  async callee(caller: HopRecord, call: CallRecord, host: string | null, errand?: Errand): Promise<Located> {
    return this.doubted(await this.calleeAmongKnown(caller, call, host, errand))
  }

  private async calleeAmongKnown(
    caller: HopRecord,
    call: CallRecord,
    host: string | null,
    errand?: Errand,
  ): Promise<Located> {
    const times = callTimes(caller, call)
    let served = call.servedBy === null
    if (call.servedBy !== null) {
      const { hopId, address } = call.servedBy
      const rows = this.index.forId(hopId, times, host).rows
      const there = rows.filter((row) => row.address === address || row.aliases.includes(address))
      served = rows.length > 0
      const located = await this.ask(
        { rows: there.length > 0 ? there : rows, gone: null, tooMany: false },
        hopId,
        times,
        errand,
      )
      if (located?.kind === 'found') return located
    }
    const candidates = this.index.forCall(call, times, host)
    const located = await this.ask(candidates, call.hopId, times, errand)
    // That nobody else has it proves nothing about the one who answered.
    if (located?.kind === 'found' || (located !== undefined && served)) return located
    if (candidates.gone === null || !served) {
      // Every HTTP call has a method.
      const read =
        candidates.gone === null && call.method === null
          ? await this.consumed(call.hopId, times, errand)
          : undefined
      return read ?? unregistered(call, times)
    }
    return this.gone(candidates.gone, call.hopId, times)
  }

  /** The hop that has an id, when nothing but the id is known. */
  async byId(id: HopId, times: CallTimes, errand?: Errand): Promise<Located | undefined> {
    const located =
      (await this.ask(this.index.forId(id, times, null), id, times, errand)) ??
      (await this.consumed(id, times, errand))
    return located === undefined ? undefined : this.doubted(located)
  }

  /** Who took a message. That nobody has is no news: its consumer may not be ours, or not have come to it yet. */
  private async consumed(id: HopId, times: CallTimes, errand?: Errand): Promise<Located | undefined> {
    const located = await this.ask(this.index.consumers(id, times.startNanos), id, times, errand)
    return located?.kind === 'found' ? located : undefined
  }

  /** Where instances may be missing from the registry, the absence of a record among the known ones proves nothing. */
  private doubted(located: Located): Located {
    const { unread } = this.index
    if (unread.length === 0 || (located.kind !== 'absent' && located.kind !== 'untraced')) return located
    const { suspect } = located
    const what =
      located.kind === 'absent' ? located.says : `${suspect.instance} is not registered as far as is known`
    return { kind: 'unsure', suspect, says: `${what}; another instance may be: ${unread.join('; ')}` }
  }

  private gone(
    row: InstanceRow,
    id: HopId,
    times: CallTimes,
  ): CalleeEvidence & { kind: 'absent' | 'unsure' } {
    const suspect = suspectOf(row, id)
    if (row.startNanos > times.endNanos) {
      return {
        kind: 'unsure',
        suspect,
        says: `no run of ${row.service} ${row.address} is known from that time`,
      }
    }
    return { kind: 'absent', proof: 'gone', suspect, says: `${row.service} ${row.address} had ended before` }
  }

  /** Asks all candidates side by side; a store that changes hands, again for a moment. Undefined when there is none. */
  private async ask(
    candidates: Candidates,
    id: HopId,
    times: CallTimes,
    errand?: Errand,
  ): Promise<Located | undefined> {
    for (;;) {
      const { located, locked } = await this.askOnce(candidates, id, times, errand)
      const pause = locked === true && !this.signal.aborted ? this.handovers.shift() : undefined
      if (pause === undefined) return located
      await sleep(pause, undefined, { signal: this.signal }).catch(() => undefined)
    }
  }

  private async askOnce(
    candidates: Candidates,
    id: HopId,
    times: CallTimes,
    errand?: Errand,
  ): Promise<{ readonly located: Located | undefined; readonly locked?: boolean }> {
    const { rows, skewed = [], tooMany } = candidates
    if (rows.length === 0) return { located: await this.amongSkewed(skewed, id) }
    const answers = await Promise.all(
      rows.map((row) => this.one(row, id, rows.length === 1 ? errand : undefined)),
    )
    const found = answers.filter((answer) => answer.lookup?.kind === 'found')
    if (found.length > 0) return { located: unlessDropped(this.choose(found, id)) }
    const alias = await this.alias(rows, id)
    if (typeof alias === 'string') answers.push({ row: rows[0] as InstanceRow, lookup: null, failure: alias })
    else if (alias !== undefined) return { located: unlessDropped(alias) }
    const elsewhere = await this.amongSkewed(skewed, id)
    if (elsewhere !== undefined) return { located: elsewhere }
    const evidence = concludeAbsent(answers, times, id) as Exclude<CalleeEvidence, { kind: 'hop' }>
    if (!tooMany || evidence.kind !== 'absent') {
      return { located: evidence, locked: answers.some((answer) => answer.locked === true) }
    }
    const says = `${evidence.says}; more instances than may be asked`
    return { located: { kind: 'unsure', suspect: evidence.suspect, says } }
  }

  private async amongSkewed(rows: readonly InstanceRow[], id: HopId): Promise<Located | undefined> {
    if (rows.length === 0) return undefined
    const answers = await Promise.all(rows.map((row) => this.one(row, id)))
    const found = answers.filter((answer) => answer.lookup?.kind === 'found')
    if (found.length > 0) return unlessDropped(this.choose(found, id))
    const alias = await this.alias(rows, id)
    return alias === undefined || typeof alias === 'string' ? undefined : unlessDropped(alias)
  }

  private async one(
    row: InstanceRow,
    id: HopId,
    errand?: Errand,
  ): Promise<Answer & { subtree?: EvidenceTree }> {
    try {
      const { lookup, subtree } = await this.source.lookup(row, id, this.reads, this.signal, errand)
      return { row, lookup, failure: null, ...(subtree === undefined ? {} : { subtree }) }
    } catch (error) {
      return { row, lookup: null, failure: messageOf(error), locked: isStoreLocked(error) }
    }
  }

  /** A callee that did not take the id it was given. A text says why that could not be looked up. */
  private async alias(rows: readonly InstanceRow[], id: HopId): Promise<Found | string | undefined> {
    try {
      const other = await this.source.alias(rows, id, this.reads, this.signal)
      if (other === undefined || other === id) return undefined
      const answers = await Promise.all(rows.map((row) => this.one(row, other)))
      const found = answers.filter((answer) => answer.lookup?.kind === 'found')
      return found.length > 0 ? this.choose(found, id) : undefined
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Of several records for one id: the one that finished, then the newest run. All are told. */
  private choose(found: readonly (Answer & { subtree?: EvidenceTree })[], id: HopId): Found {
    const weight = { closed: 0, interrupted: 1, open: 2 }
    // A store tells runs of one address apart only by their records.
    const isOwn = ({ row, lookup }: Candidate): boolean =>
      row.startNanos === lookup.record.instance.startNanos
    const ordered = found
      .flatMap(({ row, lookup, subtree }) => (lookup?.kind === 'found' ? [{ row, lookup, subtree }] : []))
      .sort(
        (a, b) =>
          weight[a.lookup.record.state] - weight[b.lookup.record.state] ||
          Number(isOwn(b)) - Number(isOwn(a)),
      )
    const [first, ...rest] = ordered as [Candidate, ...Candidate[]]
    const others = rest.filter(({ lookup }) => !isSame(lookup.record, first.lookup.record))
    return {
      record: first.lookup.record,
      row: first.row,
      source: first.lookup.source,
      liveness:
        isOwn(first) || first.lookup.liveness !== undefined ? livenessOf(first.row, first.lookup) : 'unsure',
      subtree: first.subtree,
      notes: others.map(
        ({ row, lookup }) =>
          `${row.service} ${row.address} holds a record of ${id} too: ${lookup.record.state}`,
      ),
    }
  }
}
