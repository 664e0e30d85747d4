import type { HopJson, Resolver, ResolveResult, Verdict } from '@hoptrace/core'
import { isFailedCall, isFailedHop } from '../model/failed.js'

/** One trace as a line of a list. */
export interface TraceSummary {
  readonly traceId: string
  readonly verdict: Verdict
  /** Where it ended; null where it completed or still runs. */
  readonly endedAt: ResolveResult['endedAt']
  readonly hops: number
  /** Hops that failed, and calls that led to none. */
  readonly errors: number
  /** ISO, of the entry. Null if no hop was found. */
  readonly startTime: string | null
  readonly durationMicros: number | null
  readonly entry: {
    readonly service: string
    readonly method: string | null
    readonly route: string | null
  } | null
}

/** What a list shows of a trace. */
export function summaryOf({ traceId, verdict, endedAt, hops }: ResolveResult): TraceSummary {
  const [entry] = hops
  const failed = hops.filter(isFailedHop).length
  const unanswered = hops
    .flatMap(({ next }) => next)
    .filter((call) => call.found !== 'hop' && isFailedCall(call)).length
  return {
    traceId,
    verdict,
    endedAt,
    hops: hops.length,
    errors: failed + unanswered,
    startTime: entry?.startTime ?? null,
    durationMicros: entry?.durationMicros ?? null,
    entry: entry === undefined ? null : { service: entry.service, method: entry.method, route: entry.route },
  }
}

/** One line of a search. */
export type SearchRow =
  /** A hop that fits; its trace is walked next. */
  | { readonly kind: 'hop'; readonly hop: HopJson }
  /** A trace that has the key; it is walked next. */
  | { readonly kind: 'hit'; readonly traceId: string; readonly hopId: string; readonly time: string }
  /** How the trace of a hop ended. */
  | { readonly kind: 'summary'; readonly hopId: string; readonly summary: TraceSummary }
  /** The trace of a hop could not be walked. */
  | { readonly kind: 'unknown'; readonly hopId: string; readonly message: string }

/** Traces that are walked at the same time for one list. */
const WALKS = 4

/**
 * Lines of a list: each found hop at once, and how its trace ended as soon as that is known. At most four walks run at a time, of what was
 * found `last` or `first`: the newest is what people look at. Ends early when the asker has gone.
 */
export async function* withSummaries(
  resolver: Resolver,
  found: AsyncIterable<SearchRow> | Iterable<SearchRow>,
  newest: 'first' | 'last',
  signal: AbortSignal,
): AsyncGenerator<SearchRow, void, undefined> {
  const ready: SearchRow[] = []
  const waiting: { readonly hopId: string; readonly traceId: string }[] = []
  const seen = new Set<string>()
  let walking = 0
  let isRead = false
  let failure: { readonly error: unknown } | undefined
  let wake = (): void => undefined
  const walk = async (hopId: string): Promise<void> => {
    walking++
    try {
      ready.push({ kind: 'summary', hopId, summary: summaryOf(await resolver.resolve(hopId)) })
    } catch (error) {
      ready.push({ kind: 'unknown', hopId, message: (error as Error).message })
    }
    walking--
    next()
    wake()
  }
  const next = (): void => {
    while (walking < WALKS && !signal.aborted) {
      const one = newest === 'last' ? waiting.pop() : waiting.shift()
      if (one === undefined) return
      void walk(one.hopId)
    }
  }
  const read = async (): Promise<void> => {
    try {
      for await (const row of found) {
        ready.push(row)
        if (row.kind === 'hop' || row.kind === 'hit') {
          const { hopId, traceId } = row.kind === 'hop' ? row.hop : row
          if (!seen.has(traceId)) waiting.push({ hopId, traceId })
          seen.add(traceId)
        }
        next()
        wake()
      }
    } catch (error) {
      failure = { error }
    }
    isRead = true
    wake()
  }
  const isDone = (): boolean => isRead && walking === 0 && waiting.length === 0
  signal.addEventListener('abort', () => wake(), { once: true })
  void read()
  for (;;) {
    if (signal.aborted) return
    const row = ready.shift()
    if (row !== undefined) {
      yield row
      continue
    }
    if (isDone()) break
    await new Promise<void>((resolve) => {
      wake = resolve
      if (ready.length > 0 || isDone() || signal.aborted) resolve()
    })
  }
  // After all that was found: a part could not be read.
  if (failure !== undefined) throw failure.error
}
