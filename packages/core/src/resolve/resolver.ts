import { HoptraceError } from '../errors.js'
import { deriveSealKey, isHopId, unsealId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import type { InstanceRows, Registry } from '../store/instance-row.js'
import { listKnown } from '../store/registry/list-known.js'
import { resolveResult, walkedHopJson, type ResolveResult, type WalkedHopJson } from './result.js'
import { queryTrace, type QueryLimits, type TraceAnswer, type TraceQuery } from './trace-query.js'
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
  readonly clusterKey: string | undefined
}

/** The newest hop that has a key, and what could not be read: there may be a newer one. */
export interface NewestOfKey {
  readonly id: HopId | undefined
  readonly unread: readonly string[]
}

/** How long the registry's rows are believed. */
const registryMillis = 500

/** Answers about single traces. */
export class TraceResolver {
  private rows: { readonly at: number; readonly list: Promise<InstanceRows> } | undefined
  private readonly closing = new AbortController()

  constructor(
    private readonly parts: TraceParts,
    private readonly newestOfKey: (name: string, value: string) => Promise<NewestOfKey>,
  ) {}

  /** The registry as of now: what can be read of it. */
  async instances(): Promise<InstanceRows> {
    if (this.closing.signal.aborted) throw closed()
    const now = performance.now()
    if (this.rows === undefined || now - this.rows.at > registryMillis) {
      const list = listKnown(this.parts.registry)
      this.rows = { at: now, list }
      list.catch(() => (this.rows = undefined))
    }
    return this.rows.list
  }

  /** The ids that a text may stand for: an id, the id that it is the sealed form of, or the newest trace of `name=value`. */
  private async idsOf(idOrKey: string): Promise<{ ids: HopId[]; notes: readonly string[] }> {
    const equals = idOrKey.indexOf('=')
    if (equals > 0) {
      const { id, unread } = await this.newestOfKey(idOrKey.slice(0, equals), idOrKey.slice(equals + 1))
      const notes = unread.map((what) => `there may be a newer trace of ${idOrKey}: ${what}`)
      return { ids: id === undefined ? [] : [id], notes }
    }
    const text = idOrKey.toLowerCase()
    if (!isHopId(text)) {
      throw new HoptraceError('HOPTRACE_BAD_ID', 'an id is 32 hex digits, a business key is name=value')
    }
    const { clusterKey } = this.parts
    const raw = clusterKey === undefined ? undefined : unsealId(deriveSealKey(clusterKey), text)
    return { ids: raw === undefined ? [text] : [text, raw], notes: [] }
  }

  /** Walks a trace and judges it. Undefined when no trace has the key. */
  async answer(
    idOrKey: string,
    onHop?: TraceQuery['onHop'],
    signal?: AbortSignal,
  ): Promise<TraceAnswer | undefined> {
    const { ids, notes } = await this.idsOf(idOrKey)
    if (ids.length === 0) return undefined
    const { source, limits, mode } = this.parts
    const answer = await queryTrace(ids, {
      source,
      limits,
      rows: await this.instances(),
      recursive: mode === 'recursive',
      signal: signal === undefined ? this.closing.signal : AbortSignal.any([signal, this.closing.signal]),
      ...(onHop === undefined ? {} : { onHop }),
    })
    const { judgement } = answer
    return { ...answer, judgement: { ...judgement, evidence: [...judgement.evidence, ...notes] } }
  }

  async resolve(idOrKey: string, onHop?: TraceQuery['onHop'], signal?: AbortSignal): Promise<ResolveResult> {
    const began = performance.now()
    const answer = await this.answer(idOrKey, onHop, signal)
    const elapsedMillis = performance.now() - began
    if (answer === undefined) return unknownKey(idOrKey, elapsedMillis)
    return resolveResult(answer.traceId, answer.tree, answer.judgement, answer.reads, elapsedMillis)
  }

  /** Hops as they are found, then the answer. */
  async *walk(idOrKey: string): AsyncGenerator<WalkStep, void, undefined> {
    const steps: WalkStep[] = []
    let wake = (): void => undefined
    const abort = new AbortController()
    const depths: number[] = []
    const done = this.resolve(
      idOrKey,
      (hop, _index, tree) => {
        const depth = hop.parent === null ? 0 : (depths[hop.parent] ?? 0) + 1
        depths.push(depth)
        steps.push({ kind: 'hop', hop: walkedHopJson({ ...tree, notes: [], partial: false }, hop, depth) })
        wake()
      },
      abort.signal,
    ).then((result) => steps.push({ kind: 'result', result }))
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

function closed(): HoptraceError {
  return new HoptraceError('HOPTRACE_CLOSED', 'the resolver is closed')
}

function unknownKey(key: string, elapsedMillis: number): ResolveResult {
  return {
    traceId: '',
    verdict: 'not-found',
    endedAt: null,
    lastHealthy: null,
    hops: [],
    evidence: [`no trace has the key ${key}`],
    faults: [],
    partial: false,
    reads: { instances: 0, scans: 0, bytes: 0 },
    elapsedMillis,
  }
}
