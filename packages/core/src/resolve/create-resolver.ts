import { setMaxListeners } from 'node:events'
import { HoptraceError } from '../errors.js'
import type { HopId } from '../id/types.js'
import type { InstanceRows } from '../store/instance-row.js'
import { certain, findKeys } from './find/keys.js'
import { rangeOf, type RangeQuery } from './find/range.js'
import { follow, type FollowOptions, type FollowStep } from './follow.js'
import { isoNanos } from './iso.js'
import { resolverParts, type ResolverOptions } from './options.js'
import { progressOf, unknownProgress, type ProgressResult } from './progress.js'
import { TraceResolver, type WalkStep } from './resolver.js'
import type { HopJson, ResolveResult } from './result.js'
import { traceSource } from './sources/trace-source.js'
import { InstanceIndex } from './walk/candidates.js'

/** What `find` asks. */
export interface FindQuery {
  readonly key: string
  readonly value: string
  /** @default 20 */
  readonly limit?: number
}

/** One hop that has a key. */
export interface FindHit {
  readonly traceId: string
  readonly hopId: HopId
  /** The time in the HopId: ISO, nanoseconds. */
  readonly time: string
}

/**
 * Answers questions from the records of all services. Failed reads are never swallowed: they are in the evidence, or reject.
 * Questions reject with `HOPTRACE_BAD_ID` for what is neither an id nor `name=value`, and with `HOPTRACE_CLOSED` after `close`.
 */
export interface Resolver {
  /** Walks a trace (an id of any of its hops, sealed or not; a foreign trace id; `name=value`: the newest) and judges it. */
  resolve(idOrKey: string): Promise<ResolveResult>
  /** The same, hop by hop as they are found; the last step is the result. */
  walk(idOrKey: string): AsyncIterable<WalkStep>
  /** What a service did, in id order. Rejects after the last hop when something could not be read. */
  range(query: RangeQuery): AsyncIterable<HopJson>
  /** The traces of a key, newest first. Rejects when none was found and something could not be read. */
  find(query: FindQuery): Promise<readonly FindHit[]>
  /** One timeline of events, and what runs now. */
  progress(idOrKey: string): Promise<ProgressResult>
  /** The same, live, until the flow has ended. */
  follow(idOrKey: string, options?: FollowOptions): AsyncIterable<FollowStep>
  /** Who is registered; `unread` says which registries could not be read. Rejects when none could. */
  instances(): Promise<InstanceRows>
  /** Lets go of stores and connections; questions under way reject. */
  close(): Promise<void>
}

/** Makes a resolver. Nothing is opened before the first question. Throws `TypeError` for options that make no sense. */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const parts = resolverParts(options)
  let index = new InstanceIndex([])
  const source = traceSource(parts, (row) => index.sharing(row))
  const closing = new AbortController()
  // One listener for each read that is under way.
  setMaxListeners(0, closing.signal)
  const keysOf = async (name: string, value: string, limit: number): ReturnType<typeof findKeys> =>
    findKeys(parts, await instances(), { name, value, limit }, closing.signal)
  const traces = new TraceResolver({ ...parts, source }, async (name, value) => {
    const { hits, unread } = await keysOf(name, value, 1)
    if (hits.length === 0 && unread.length > 0) certain({ hits, unread }, parts.warn)
    return { id: hits[0]?.hopId, unread }
  })
  const instances = async (): Promise<InstanceRows> => {
    const rows = await traces.instances()
    if (index.rows !== rows) index = new InstanceIndex(rows)
    return rows
  }
  const progress = async (idOrKey: string): Promise<ProgressResult> => {
    await instances()
    const answer = await traces.answer(idOrKey)
    return answer === undefined ? unknownProgress(idOrKey) : progressOf(answer)
  }
  return {
    resolve: async (idOrKey) => {
      await instances()
      return traces.resolve(idOrKey)
    },
    walk: async function* (idOrKey) {
      await instances()
      yield* traces.walk(idOrKey)
    },
    range: async function* (query) {
      yield* rangeOf(parts, await instances(), query, closing.signal)
    },
    find: async ({ key, value, limit = 20 }) => {
      if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be 1 or more (got ${limit})`)
      const hits = certain(await keysOf(key, value, limit), parts.warn)
      return hits.map(({ traceId, hopId, nanos }) => ({ traceId, hopId, time: isoNanos(nanos) }))
    },
    progress,
    follow: (idOrKey, followOptions) => follow(() => progress(idOrKey), followOptions),
    instances: async () => {
      const rows = await instances()
      for (const what of rows.unread ?? []) parts.warn(`not every registry could be read: ${what}`)
      return rows
    },
    close: async () => {
      const error = new HoptraceError('HOPTRACE_CLOSED', 'the resolver is closed')
      closing.abort(error)
      traces.close()
      await parts.close()
    },
  }
}
