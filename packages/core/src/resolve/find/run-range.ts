import { HoptraceError } from '../../base/errors.js'
import type { Store } from '../../store/contract.js'
import { runName, type InstanceRow, type RegistryRows } from '../../record/instance-row.js'
import { StoreReader } from '../../store/reader.js'
import type { ResolverParts } from '../options.js'
import type { RangeReads } from '../walk/reads.js'
import type { HopFilter } from './filter.js'
import { isoNanos } from '../../base/iso.js'
import { liveRange } from './live-range.js'
import { mergeById, type Sourced } from './merge.js'
import { listed, storedRange, unfailing, type Stretch } from './own.js'

/** What all runs of one question share. */
export interface RangeQuestion {
  readonly parts: ResolverParts
  /** The runs that are read. */
  readonly runs: readonly InstanceRow[]
  readonly stretch: Stretch
  readonly filter: HopFilter
  readonly reads: RangeReads
  /** Every run that is registered, by its key in stores. */
  readonly known: ReadonlySet<string>
  /** Called for a store that has records of the service of a run that is not registered. */
  readonly onUnknownRun: (url: string) => void
  /** The registry as it is after the question began, read once: for runs whose log has gone. */
  readonly listAgain: () => Promise<RegistryRows>
  /** Instances and stores that are read from their beginning for all of their runs at once. */
  readonly claimed: Set<string>
}

/**
 * What one run did: from the living instance, or from what it left. When it falls silent midway, the rest is read. Rejects in
 * the end when it may have done more than could be read.
 */
export async function* runRange(
  question: RangeQuestion,
  row: InstanceRow,
): AsyncGenerator<Sourced, void, undefined> {
  const { parts, stretch, filter, reads, claimed } = question
  let afterId = stretch.afterId
  const living = parts.live === null ? undefined : await parts.client.place(row)
  if (living !== undefined) {
    try {
      for await (const found of liveRange(parts, living, stretch, filter, reads)) {
        afterId = found.record.hopId
        yield found
      }
      return
    } catch (error) {
      if (stretch.signal?.aborted === true) throw error
    }
  }
  const rest: Stretch = { ...stretch, afterId }
  const unclaimed = row.stores.filter((url) => !claimed.has(placeOf(url, row)))
  if (afterId === stretch.afterId) for (const url of unclaimed) claimed.add(placeOf(url, row))
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  const view = await parts.log.view(row, reads, stretch.signal).catch(failed)
  const isGone = view === undefined && failures.length === 0 && mayHaveMore(row, stretch)
  const newer = isGone ? await newerRow(question, row).catch(failed) : undefined
  // Another run may have read a shared store before this run's log was shipped to it.
  const stores = newer === undefined ? unclaimed : newer.stores
  const logged = view === undefined ? [] : [listed(view.records.values(), rest, 'log')]
  const unreadStores: { readonly url: string; readonly error: unknown }[] = []
  const stored = stores.map((url) =>
    unfailing(
      parts.patience.each(url, storeRange(question, url, newer ?? row, rest)),
      (error) => void unreadStores.push({ url, error }),
    ),
  )
  // One that is away keeps back nothing of what the others have.
  yield* mergeById([...logged, ...stored])
  for (const { url, error } of unreadStores) {
    const sharing = [row, ...question.runs.filter((run) => run !== row && run.stores.includes(url))]
    if (!(await parts.log.haveAll(sharing, reads, stretch.signal))) failed(error)
  }
  if (failures.length > 0) throw failures[0]
  if (view?.damage !== undefined) throw new HoptraceError('HOPTRACE_BAD_LOG', view.damage)
  if (view === undefined && mayHaveMore(newer ?? row, stretch)) {
    throw new HoptraceError(
      'HOPTRACE_INSTANCE_UNAVAILABLE',
      `does not answer, and its log is not here: what it did since ${isoNanos(row.shippedThroughNanos)} may be missing`,
    )
  }
}

/** May the run have done something in the stretch that is in no store? */
function mayHaveMore({ state, shippedThroughNanos }: InstanceRow, { toNanos }: Stretch): boolean {
  return state === 'running' && shippedThroughNanos < toNanos
}

/** The row as it is now: an adopter puts it, and then deletes the log. Undefined when nothing is newer. */
async function newerRow({ listAgain }: RangeQuestion, row: InstanceRow): Promise<InstanceRow | undefined> {
  const { rows } = await listAgain()
  const now = rows.find((one) => runName(one) === runName(row))
  return now === undefined || now.state === row.state ? undefined : now
}

/** Runs of one place are read together. */
function placeOf(url: string, row: InstanceRow): string {
  return [url, row.address, row.worker, row.buckets, row.windowMillis].join(' ')
}

/** What a run and others of its instance have in a store. */
async function* storeRange(
  { parts, runs, reads, known, onUnknownRun }: RangeQuestion,
  url: string,
  row: InstanceRow,
  stretch: Stretch,
): AsyncGenerator<Sourced, void, undefined> {
  const read = async function* (store: Store): AsyncGenerator<Sourced, void, undefined> {
    const reader = new StoreReader(store, row)
    try {
      const same = placeOf(url, row)
      const isOther = (run: InstanceRow): boolean => runName(run) !== runName(row) && run.stores.includes(url)
      const sharing = [row, ...runs.filter((run) => isOther(run) && placeOf(url, run) === same)]
      yield* storedRange(reader, sharing, stretch, (run, service) => {
        if (service === row.service && !known.has(run)) onUnknownRun(url)
      })
    } finally {
      reads.segments += reader.counts.segments
      reads.pruned += reader.counts.pruned
    }
  }
  yield* parts.stores.pages(url, row, reads, read, stretch.signal)
}
