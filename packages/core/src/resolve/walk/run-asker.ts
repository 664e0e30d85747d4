import type { HopRecord } from '../../record/record.js'
import { hopIdAddress, parseHopId, rebaseId } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import type { InstanceRow } from '../../record/instance-row.js'
import { rowName } from '../../record/row-names.js'
import { orAborted } from '../../base/deadline.js'
import type { Candidates, InstanceIndex } from './candidates.js'
import { concludeAbsent, type Answer, type Arrival } from './conclude.js'
import { foundAmong, hopKey, type Found, type OneAnswer } from './found.js'
import { messageOf } from '../../base/message.js'
import type { WithoutRecord } from '../verdict/evidence.js'
import type { Reads } from './reads.js'
import type { Errand, TraceSource } from './source.js'
import type { CallTimes } from './times.js'

/** What runs know of one id: all hops that it led to, and what those say that have none. */
export interface Asked {
  readonly hops: readonly Found[]
  /** What the absence of a record in the others comes to. Undefined when no other was asked. */
  readonly rest: WithoutRecord | undefined
}

/** By something between caller and callee: only then do runs write such a hop before its handler runs. */
const byWay: Arrival = { writesFirst: true, mayBeHeld: true }

/** Asks runs for the hops of an id, side by side. */
export class RunAsker {
  constructor(
    private readonly source: TraceSource,
    private readonly index: InstanceIndex,
    private readonly reads: Reads,
    private readonly signal: AbortSignal,
  ) {}

  /** Asks all candidates. Undefined when there is none. `isWay`: the call came by something between. */
  async ask(
    { rows, skewed = [], tooMany }: Candidates,
    id: HopId,
    times: CallTimes,
    errand?: Errand,
    isWay = false,
  ): Promise<Asked | undefined> {
    if (rows.length === 0) {
      const hops = await this.amongSkewed(skewed, id)
      return hops.length === 0 ? undefined : { hops, rest: undefined }
    }
    const answers = await Promise.all(
      rows.map((row) => this.one(row, id, rows.length === 1 ? errand : undefined)),
    )
    const hops = foundAmong(answers, id)
    const without = answers.filter(({ lookup }) => lookup?.kind !== 'found')
    const rest = (): WithoutRecord | undefined => {
      if (without.length === 0) return undefined
      const evidence = concludeAbsent(without, times, id, isWay ? byWay : {}) as WithoutRecord
      if (!tooMany || evidence.kind !== 'absent') return evidence
      const says = `${evidence.says}; more instances than may be asked`
      return { kind: 'unsure', suspect: evidence.suspect, says }
    }
    if (hops.length > 0) return { hops, rest: rest() }
    const alias = await this.alias(rows, id)
    if (typeof alias !== 'string' && alias.length > 0) return { hops: alias, rest: undefined }
    if (typeof alias === 'string') without.push({ row: rows[0] as InstanceRow, lookup: null, failure: alias })
    const elsewhere = await this.amongSkewed(skewed, id)
    if (elsewhere.length > 0) return { hops: elsewhere, rest: undefined }
    return { hops, rest: rest() }
  }

  /** All hops that these runs, and their stores, have of a message, and what the runs without one say. */
  async deliveries(rows: readonly InstanceRow[], id: HopId, times: CallTimes): Promise<Asked> {
    const [answers, more] = await Promise.all([
      Promise.all(rows.map((row) => this.read(row, id))),
      this.alias(rows, id, true),
    ])
    const hops = new Map<string, Found>()
    for (const found of [...foundAmong(answers, id), ...(typeof more === 'string' ? [] : more)])
      hops.set(hopKey(found.record), found)
    const without: Answer[] = answers
      .filter(({ lookup }) => lookup?.kind !== 'found')
      .map((answer) => withLaterDrops(answer, times))
    const first = rows[0]
    if (typeof more === 'string' && first !== undefined)
      without.push({ row: first, lookup: null, failure: more })
    // Each writes the hop of a message before its handler runs.
    const rest =
      without.length === 0
        ? undefined
        : (concludeAbsent(without, times, id, { writesFirst: true }) as WithoutRecord)
    return { hops: [...hops.values()], rest }
  }

  /** The hops that these runs have of an id, and no more. */
  async among(rows: readonly InstanceRow[], id: HopId): Promise<readonly Found[]> {
    return foundAmong(await Promise.all(rows.map((row) => this.one(row, id))), id)
  }

  /**
   * The hops that an id has behind the gateway that copied it, and what the other runs there come to. Each of them writes such a
   * hop before its handler runs.
   */
  async behind(rows: readonly InstanceRow[], id: HopId, times: CallTimes): Promise<Asked> {
    const answers = await Promise.all(rows.map((row) => this.one(row, id)))
    const without = answers.filter(({ lookup }) => lookup?.kind !== 'found')
    const rest =
      without.length === 0 ? undefined : (concludeAbsent(without, times, id, byWay) as WithoutRecord)
    return { hops: foundAmong(answers, id), rest }
  }

  private async amongSkewed(rows: readonly InstanceRow[], id: HopId): Promise<readonly Found[]> {
    if (rows.length === 0) return []
    const found = await this.among(rows, id)
    if (found.length > 0) return found
    const alias = await this.alias(rows, id)
    return typeof alias === 'string' ? [] : alias
  }

  /** What a run knows of an id, and of the one that it takes in its place when it was reached through another address. */
  private async one(row: InstanceRow, id: HopId, errand?: Errand): Promise<OneAnswer> {
    const isOwn = row.address === hopIdAddress(id) || !parseHopId(id).assigned
    const ids = isOwn ? [id] : [rebaseId(id, row.address), id]
    const answers = await Promise.all(ids.map((asked) => this.read(row, asked, errand)))
    const found = answers.find(({ lookup }) => lookup?.kind === 'found')
    return found ?? answers.find(({ failure }) => failure !== null) ?? (answers[0] as OneAnswer)
  }

  private async read(row: InstanceRow, id: HopId, errand?: Errand): Promise<OneAnswer> {
    try {
      const asked = this.source.lookup(row, id, this.reads, this.signal, errand)
      const { lookup, subtree, blockedSince } = await orAborted(asked, this.signal)
      if (lookup.kind === 'found' && !isOf(lookup.record, row))
        return { row, lookup: null, failure: 'it answered with a hop of another run' }
      return {
        row,
        lookup,
        failure: null,
        ...(subtree === undefined ? {} : { subtree }),
        ...(blockedSince === undefined ? {} : { blockedSince }),
      }
    } catch (error) {
      return { row, lookup: null, failure: messageOf(error) }
    }
  }

  /** Callees that did not take the id they were given. A text says why that could not be looked up. */
  private async alias(
    rows: readonly InstanceRow[],
    id: HopId,
    anew = false,
  ): Promise<readonly Found[] | string> {
    try {
      const asked = this.source.aliases(rows, id, this.reads, this.signal, anew)
      const hits = await orAborted(asked, this.signal)
      await this.index.load(hits.map(({ startNanos }) => rowName.start(startNanos)))
      const found = await Promise.all(
        hits.map(({ hopId, startNanos }) =>
          hopId === id ? Promise.resolve([]) : this.among(this.index.startedAt(startNanos), hopId),
        ),
      )
      return found.flat()
    } catch (error) {
      return messageOf(error)
    }
  }
}

/** A message may be taken at any time after it was sent, and so may its hop be dropped at any time. */
function withLaterDrops(answer: Answer, { startNanos }: CallTimes): Answer {
  const { row, lookup } = answer
  if (lookup?.kind !== 'absent' || !row.dropped.some(({ toNanos }) => toNanos >= startNanos)) return answer
  return { ...answer, lookup: { ...lookup, dropped: true } }
}

/** A run speaks for itself only. */
function isOf({ service, instance }: HopRecord, row: InstanceRow): boolean {
  return (
    service === row.service &&
    instance.address === row.address &&
    instance.worker === row.worker &&
    instance.startNanos === row.startNanos
  )
}
