import { timing } from '../base/timing.js'
import { setMaxListeners } from 'node:events'
import { HoptraceError } from '../base/errors.js'
import { isHopId, hopIdInText, unsealId } from '../id/index.js'
import { isoNanos } from '../base/iso.js'
import type { HopId } from '../id/types.js'
import type { AskersKeys } from '../key/index.js'
import { keptFromNanos } from '../record/kept.js'
import {
  runName,
  type InstanceRow,
  type Registry,
  type RegistryRows,
  type RowsByName,
} from '../record/instance-row.js'
import { rowName } from '../record/row-names.js'
import { listKnown } from '../store/registry/list-known.js'
import { deadlineIn, orAborted, type Deadline } from '../base/deadline.js'
import { parsedKey } from './find/key-text.js'
import { resolveResult, walkedHopJson, type ResolveResult, type WalkedHopJson } from './result.js'
import { queryTrace, type QueryLimits, type TraceAnswer, type TraceQuery } from './trace-query.js'
import { haveMoved } from './moved.js'
import { instanceIndex } from './walk/candidates.js'
import { hopKey } from './walk/found.js'
import { PartIndex, PartMissing } from './walk/part-index.js'
import type { TraceSource } from './walk/source.js'

/** One step of a walk: a hop as it is found, and at the end the answer. */
export type WalkStep =
  | { readonly kind: 'hop'; readonly hop: WalkedHopJson }
  | { readonly kind: 'result'; readonly result: ResolveResult }

/** What answers about traces are made from. */
export interface TraceParts {
  readonly registry: Registry
  readonly source: TraceSource
  readonly mode: 'iterative' | 'recursive'
  readonly limits: QueryLimits
  readonly keys: AskersKeys
}

/** The newest hop that has a key and its trace, and what could not be read: there may be a newer one. */
export interface NewestOfKey {
  readonly id: HopId | undefined
  readonly traceId: string | undefined
  /** The runs that are known to hold it. */
  readonly holders: readonly InstanceRow[]
  readonly unread: readonly string[]
}

/** What a question turned out to be about: the ids that it may mean, and what makes that doubtful. */
export interface Subject {
  readonly ids: readonly HopId[]
  readonly notes: readonly string[]
  /** The hop of which a row in a store, or a run itself, says that it has the key that is asked for. */
  readonly ofKey?: HopId | undefined
  /** The runs that are known to hold the hop. */
  readonly holders?: readonly InstanceRow[]
}

/** Who asks, and how. */
export interface Asking {
  readonly onHop?: TraceQuery['onHop']
  readonly signal?: AbortSignal | undefined
  /** What is asked for, when that is known already. */
  readonly subject?: Subject | undefined
}

/** The share of the time that finding the trace of a key may take: the walk needs some, too. */
const keyShare = 0.6

/** The share of the time that an answer from a part of the registry may take: the rest is for all of it. */
const nameShare = 0.4

/** The maximum number of attempts while runs come and go. */
const maxTries = 3

/** Answers about single traces. */
export class TraceResolver {
  private listed: { readonly at: number; readAt?: number; readonly list: Promise<RegistryRows> } | undefined
  private readonly closing = new AbortController()

  constructor(
    private readonly parts: TraceParts,
    private readonly newestOfKey: (name: string, value: string, signal: AbortSignal) => Promise<NewestOfKey>,
  ) {
    // One listener for each question that is under way.
    setMaxListeners(0, this.closing.signal)
  }

  /** Time for one question: until the deadline, until its asker has gone, until this is closed. */
  begin(signal?: AbortSignal): Deadline {
    return deadlineIn(this.parts.limits.deadlineMillis, [this.closing.signal, signal])
  }

  /** Ends when this is closed. */
  get closed(): AbortSignal {
    return this.closing.signal
  }

  /**
   * The registry as of now: what can be read of it. `since`: not as it was before, on the `performance.now()`
   * clock.
   */
  async instances(signal: AbortSignal, since?: number): Promise<RegistryRows> {
    signal.throwIfAborted()
    const now = performance.now()
    let { listed } = this
    // Believed from when it was read: where a part of it is away, that takes most of the time that there is,
    // and only once.
    const isOld = (known: NonNullable<typeof listed>): boolean =>
      since === undefined ? (known.readAt ?? now) < now - timing.rowsMillis : known.at < since
    if (listed === undefined || isOld(listed)) listed = this.list(now)
    return orAborted(listed.list, signal)
  }

  /** The same of one service: where the registry is large, its runs are all that is read. */
  async instancesOf(service: string, signal: AbortSignal): Promise<RegistryRows> {
    const byName = await this.byNameIfLarge(signal)
    const read = byName?.rowsOf([rowName.service(service)])
    const rows = read === undefined ? undefined : await orAborted(read, signal)
    const isKnown = rows?.some((row) => row.service === service) === true
    return isKnown ? { rows, unread: [] } : this.instances(signal)
  }

  private async byNameIfLarge(signal: AbortSignal): Promise<RowsByName | undefined> {
    const { byName } = this.parts.registry
    if (byName === undefined) return undefined
    return (await orAborted(byName.isLarge(), signal)) ? byName : undefined
  }

  private list(at: number): NonNullable<TraceResolver['listed']> {
    const listed: NonNullable<TraceResolver['listed']> = { at, list: listKnown(this.parts.registry) }
    this.listed = listed
    listed.list.then(
      () => (listed.readAt = performance.now()),
      () => {
        if (this.listed === listed) this.listed = undefined
      },
    )
    return listed
  }

  /** The ids that a text may mean: an id, the id in its sealed form, or the newest trace of `name=value`. */
  async subjectOf(idOrKey: string, signal: AbortSignal): Promise<Subject> {
    const named = hopIdInText(idOrKey)
    if (named !== undefined) {
      const keys = this.parts.keys()
      const raw = keys === undefined ? undefined : unsealId(keys.seal, named)
      return { ids: raw === undefined ? [named] : [named, raw], notes: [] }
    }
    const key = parsedKey(idOrKey)
    if (key === undefined) throw badId()
    const { id, traceId, holders, unread } = await this.newestOfKey(key.name, key.value, signal)
    const notes = unread.map((what) => `there may be a newer trace of ${idOrKey}: ${what}`)
    if (id === undefined) return { ids: [], notes }
    const more = traceId !== undefined && traceId !== id && isHopId(traceId) ? [traceId] : []
    return { ids: [id, ...more], notes, holders, ofKey: id }
  }

  /** Walks a trace and judges it. Undefined when no trace has the key. */
  async answer(idOrKey: string, { onHop, signal, subject }: Asking = {}): Promise<TraceAnswer | undefined> {
    const isKey = hopIdInText(idOrKey) === undefined
    if (isKey && parsedKey(idOrKey) === undefined) throw badId()
    const deadline = this.begin(signal)
    const forKey = isKey
      ? deadlineIn(this.parts.limits.deadlineMillis * keyShare, [deadline.signal])
      : undefined
    try {
      if (isKey) await this.instances(deadline.signal)
      const {
        ids,
        notes,
        holders = [],
        ofKey,
      } = subject ?? (await this.subjectOf(idOrKey, (forKey ?? deadline).signal))
      if (ids.length === 0) return undefined
      const byName = isKey ? undefined : await this.walkedByName(ids, deadline, onHop)
      const answer = byName ?? (await this.walked(ids, holders, deadline, { onHop, signal }))
      return withNotes(answer, ofKey, notes)
    } finally {
      forKey?.clear()
      deadline.clear()
    }
  }

  /**
   * Asks, and asks again if the answer is incomplete and runs have begun, ended or been shipped elsewhere
   * since.
   */
  async settled<T>(
    ask: (known: RegistryRows) => Promise<T>,
    isOpen: (answer: T) => boolean,
    signal: AbortSignal,
  ): Promise<T> {
    let known = await this.instances(signal)
    for (let tries = 1; ; tries++) {
      const answer = await ask(known)
      if (!isOpen(answer) || tries === maxTries) return answer
      const now = await this.instances(signal, performance.now()).catch(() => known)
      if (!haveMoved(known.rows, now.rows)) return answer
      known = now
    }
  }

  private walked(
    ids: readonly HopId[],
    holders: readonly InstanceRow[],
    deadline: Deadline,
    { onHop, signal }: Asking,
  ): Promise<TraceAnswer> {
    const { source, limits, mode } = this.parts
    const bound = signal === undefined ? this.closing.signal : AbortSignal.any([signal, this.closing.signal])
    const query = (known: RegistryRows): Promise<TraceAnswer> =>
      queryTrace(ids, {
        source,
        index: instanceIndex(known),
        holders: asOfNow(holders, known.rows),
        limits: { ...limits, deadlineMillis: deadline.left() },
        recursive: mode === 'recursive',
        signal: bound,
        ...(onHop === undefined ? {} : { onHop }),
      })
    return this.settled(query, isOpen, deadline.signal)
  }

  /**
   * The answer about an id from the part of a large registry that it needs. Undefined where that does not decide it, or where the
   * registry is not large: then all of it is read.
   */
  private async walkedByName(
    ids: readonly HopId[],
    deadline: Deadline,
    onHop: Asking['onHop'],
  ): Promise<TraceAnswer | undefined> {
    const { source, limits, mode } = this.parts
    // Instances that walk for us name runs that this has not read.
    const byName = mode === 'recursive' ? undefined : await this.byNameIfLarge(deadline.signal)
    if (byName === undefined) return undefined
    const index = new PartIndex(byName)
    try {
      const answer = await queryTrace(ids, {
        source,
        index,
        limits: { ...limits, deadlineMillis: deadline.left() * nameShare },
        recursive: false,
        signal: deadline.signal,
        ...(onHop === undefined ? {} : { onHop }),
      })
      return index.isMissing || isOpen(answer) || answer.tree.partial ? undefined : answer
    } catch (error) {
      if (error instanceof PartMissing) return undefined
      throw error
    }
  }

  async resolve(idOrKey: string, asking: Asking = {}): Promise<ResolveResult> {
    const began = performance.now()
    const answer = await this.answer(idOrKey, asking)
    const elapsedMillis = performance.now() - began
    if (answer === undefined) {
      const known = await this.listed?.list.catch(() => undefined)
      return unknownKey(idOrKey, elapsedMillis, known?.rows ?? [])
    }
    return resolveResult(answer.traceId, answer.tree, answer.judgement, answer.reads, elapsedMillis)
  }

  /** Hops as they are found, then the answer. */
  async *walk(idOrKey: string): AsyncGenerator<WalkStep, void, undefined> {
    const steps: WalkStep[] = []
    let wake = (): void => undefined
    const abort = new AbortController()
    const depths: number[] = []
    const told = new Set<string>()
    const onHop: TraceQuery['onHop'] = (hop, index, tree) => {
      // A walk may start again, and finds most hops again.
      if (index === 0) depths.length = 0
      const depth = hop.parent === null ? 0 : (depths[hop.parent] ?? 0) + 1
      depths.push(depth)
      const key = hopKey(hop.record)
      if (told.has(key)) return
      told.add(key)
      steps.push({ kind: 'hop', hop: walkedHopJson({ ...tree, notes: [], partial: false }, hop, depth) })
      wake()
    }
    const done = this.resolve(idOrKey, { onHop, signal: abort.signal }).then((result) =>
      steps.push({ kind: 'result', result }),
    )
    const finished = done.finally(() => wake())
    finished.catch(() => undefined)
    try {
      for (;;) {
        const step = steps.shift()
        if (step === undefined) {
          const woken = new Promise<void>((resolve) => (wake = resolve))
          await Promise.race([woken, done])
          continue
        }
        yield step
        if (step.kind === 'result') return
      }
    } finally {
      abort.abort()
    }
  }

  /** Questions under way reject. */
  close(): void {
    this.closing.abort(closed())
  }
}

/** Is something of the answer not known? */
function isOpen({ judgement: { verdict } }: TraceAnswer): boolean {
  return verdict === 'undetermined' || verdict === 'not-found'
}

/** A hop with the requested key has a record, so if the record is not found, it is missing. */
function withNotes(answer: TraceAnswer, ofKey: HopId | undefined, notes: readonly string[]): TraceAnswer {
  const { judgement, missing } = answer
  const all = [...judgement.evidence, ...notes]
  if (ofKey === undefined || !missing.includes(ofKey))
    return { ...answer, judgement: { ...judgement, evidence: all } }
  all.push(`the record of ${ofKey}, which has the key, is missing`)
  const verdict = judgement.verdict === 'not-found' ? 'undetermined' : judgement.verdict
  return { ...answer, judgement: { ...judgement, verdict, evidence: all } }
}

/** The rows of these runs as they are now. */
function asOfNow(holders: readonly InstanceRow[], rows: readonly InstanceRow[]): readonly InstanceRow[] {
  return holders.map((known) => rows.find((row) => runName(row) === runName(known)) ?? known)
}

function badId(): HoptraceError {
  return new HoptraceError(
    'HOPTRACE_BAD_ID',
    'an id is 32 hex digits, or a whole traceparent; a business key is name=value',
  )
}

function closed(): HoptraceError {
  return new HoptraceError('HOPTRACE_CLOSED', 'the resolver is closed')
}

function unknownKey(key: string, elapsedMillis: number, rows: readonly InstanceRow[]): ResolveResult {
  const deleted = rows.flatMap((row) => {
    const from = keptFromNanos(row)
    // A run that began later has lost nothing yet.
    return from === undefined || (from <= row.startNanos && row.deletedBeforeNanos === undefined)
      ? []
      : [from]
  })
  const latest = deleted.reduce((last, one) => (one > last ? one : last), 0n)
  return {
    traceId: '',
    verdict: 'not-found',
    endedAt: null,
    lastHealthy: null,
    hops: [],
    evidence: [
      `no trace has the key ${key}`,
      ...(latest === 0n
        ? []
        : [`records from before ${isoNanos(latest)} have been deleted: they are older than the stores keep`]),
    ],
    faults: [],
    partial: false,
    partialBecause: [],
    reads: { instances: 0, scans: 0, bytes: 0 },
    elapsedMillis,
  }
}
