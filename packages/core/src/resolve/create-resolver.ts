import { setMaxListeners } from 'node:events'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../record/instance-row.js'
import { recordedKey } from './find/key-text.js'
import { certain, findKeys, findTraces, mayHoldNewer } from './find/keys.js'
import { rangeOf, type RangeQuery } from './find/range.js'
import { follow, type FollowOptions, type FollowStep } from './follow.js'
import { isoNanos } from '../base/iso.js'
import { resolverParts, type ResolverOptions } from './options.js'
import { progressOf, unknownProgress, type ProgressResult } from './progress.js'
import { TraceResolver, type Asking, type NewestOfKey, type Subject, type WalkStep } from './resolver.js'
import type { HopJson, ResolveResult } from './result.js'
import { traceSource } from './sources/trace-source.js'

/** What `find` asks. */
export interface FindQuery {
  readonly key: string
  readonly value: string
  /** The most traces. @default 20 */
  readonly limit?: number
}

/** One trace that has a key. */
export interface FindHit {
  readonly traceId: string
  /** Its newest hop that has the key. */
  readonly hopId: HopId
  /** The time in the HopId: ISO, nanoseconds. */
  readonly time: string
}

/** The rows of all registered instances. */
export interface InstanceRows extends ReadonlyArray<InstanceRow> {
  /** Why rows may be missing. Left out if none is. */
  readonly unread?: readonly string[]
}

/**
 * Answers questions from the records of all services. Failed reads are never swallowed: they are in the
 * evidence, or reject. Questions reject with `HOPTRACE_BAD_ID` for what is neither an id nor `name=value`,
 * with `HOPTRACE_CLOSED` after `close`, and with `HOPTRACE_DEADLINE` when not even the instances to ask are
 * known in time.
 */
export interface Resolver {
  /**
   * Walks a trace (an id of any of its hops, sealed or not; a foreign trace id; `name=value`: the newest) and
   * judges it.
   */
  resolve(idOrKey: string): Promise<ResolveResult>
  /** The same, hop by hop as they are found; the last step is the result. */
  walk(idOrKey: string): AsyncIterable<WalkStep>
  /** What a service did, in id order. Rejects after the last hop when something could not be read. */
  range(query: RangeQuery): AsyncIterable<HopJson>
  /**
   * The traces of a key, each once, newest first. Rejects when none was found and something could not be
   * read.
   */
  find(query: FindQuery): Promise<readonly FindHit[]>
  /** One timeline of events, and what runs now. */
  progress(idOrKey: string): Promise<ProgressResult>
  /**
   * The same, live, until the flow has ended: of a key, the trace that was its newest when it began to be
   * followed.
   */
  follow(idOrKey: string, options?: FollowOptions): AsyncIterable<FollowStep>
  /** Who is registered; `unread` says which registries could not be read. Rejects when none could. */
  instances(): Promise<InstanceRows>
  /** Closes stores and connections; pending questions reject. */
  close(): Promise<void>
}

/**
 * Makes a resolver. Nothing is opened before the first question. Throws `TypeError` for options that make no
 * sense.
 */
export function createResolver(options: ResolverOptions = {}): Resolver {
  const parts = resolverParts(options)
  const source = traceSource(parts)
  const newestOfKey = async (name: string, value: string, signal: AbortSignal): Promise<NewestOfKey> => {
    const found = await traces.settled(
      (known) => findKeys(parts, known, { name, value, limit: 1 }, signal),
      ({ hits }) => hits.length === 0,
      signal,
    )
    const [newest] = found.hits
    if (newest === undefined)
      return {
        id: certain(found, parts.warn)[0]?.hopId,
        traceId: undefined,
        holders: [],
        unread: found.unread,
      }
    return {
      id: newest.hopId,
      traceId: newest.traceId,
      holders: newest.holders,
      unread: mayHoldNewer(found, newest.nanos),
    }
  }
  const traces: TraceResolver = new TraceResolver({ ...parts, source }, newestOfKey)
  /** Something that has to be answered within the deadline. */
  const ask = async <T>(answer: (signal: AbortSignal) => Promise<T>, asker?: AbortSignal): Promise<T> => {
    const deadline = traces.begin(asker)
    try {
      return await answer(deadline.signal)
    } finally {
      deadline.clear()
    }
  }
  const progress = async (idOrKey: string, asking?: Asking): Promise<ProgressResult> => {
    const answer = await traces.answer(idOrKey, asking)
    return answer === undefined ? unknownProgress(idOrKey) : progressOf(answer)
  }
  return {
    resolve: (idOrKey) => traces.resolve(idOrKey),
    walk: (idOrKey) => traces.walk(idOrKey),
    range: async function* (query) {
      const known = await ask((signal) => traces.instancesOf(query.service, signal), query.signal)
      // A long range may take longer than other questions: its asker ends it.
      yield* rangeOf(parts, known, query, eitherOf(traces.closed, query.signal))
    },
    find: async ({ key, value, limit = 20 }) => {
      if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be 1 or more (got ${limit})`)
      if (key === '') throw new TypeError('a key has a name')
      const query = { ...recordedKey(key, value), limit }
      const found = await ask((signal) =>
        traces.settled(
          (known) => findTraces(parts, known, query, signal),
          ({ hits }) => hits.length < limit,
          signal,
        ),
      )
      const hits = certain(found, parts.warn)
      return hits.map(({ traceId, hopId, nanos }) => ({ traceId, hopId, time: isoNanos(nanos) }))
    },
    progress: (idOrKey) => progress(idOrKey),
    follow: (idOrKey, followOptions) => {
      let subject: Subject | undefined
      const look = async (signal: AbortSignal | undefined): Promise<ProgressResult> => {
        // The trace that was the newest of its key stays the one that is followed.
        if (subject === undefined) {
          const found = await ask((bound) => traces.subjectOf(idOrKey, bound), signal)
          if (found.ids.length > 0) subject = found
        }
        return progress(idOrKey, { subject, signal })
      }
      return follow(look, followOptions)
    },
    instances: () =>
      ask(async (signal) => {
        const { rows, unread } = await traces.instances(signal)
        return Object.assign([...rows], unread.length === 0 ? {} : { unread })
      }),
    close: async () => {
      traces.close()
      await parts.close()
    },
  }
}

function eitherOf(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  if (other === undefined) return one
  const either = AbortSignal.any([one, other])
  setMaxListeners(0, either)
  return either
}
