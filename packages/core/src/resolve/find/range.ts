import { timing } from '../../base/timing.js'
import { HoptraceError } from '../../base/errors.js'
import { hopIdInText } from '../../id/index.js'
import { heartbeatNanos, type InstanceRow, type RegistryRows } from '../../record/instance-row.js'
import { runKey } from '../../store/keys.js'
import type { ResolverParts } from '../options.js'
import { hopJson, type HopJson } from '../result.js'
import { messageOf } from '../../base/message.js'
import { noRangeReads, type RangeReads } from '../walk/reads.js'
import { isoNanos } from '../../base/iso.js'
import { keptFromNanos } from '../../record/kept.js'
import { hopFilter, type HopFilter } from './filter.js'
import { mergeById } from './merge.js'
import { unfailing, type Stretch } from './own.js'
import { runRange } from './run-range.js'
import { nanosOf, type TimeInput } from './times.js'

/** What `range` asks: what one service did in a stretch of id time. */
export interface RangeQuery extends HopFilter {
  readonly service: string
  /** Inclusive. */
  readonly from: TimeInput
  /** Exclusive. @default now */
  readonly to?: TimeInput
  /** @default all */
  readonly limit?: number
  /** Only ids beyond this one: the last of the page before. */
  readonly after?: string
  /** Called once with the cost, when the range ends or the caller leaves it. */
  readonly onReads?: (reads: Readonly<RangeReads>) => void
  /** Ends it: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Hops of a service in id order, from all its runs at once; memory does not grow with the answer. */
export async function* rangeOf(
  parts: ResolverParts,
  { rows, unread }: RegistryRows,
  query: RangeQuery,
  signal: AbortSignal,
): AsyncGenerator<HopJson, void, undefined> {
  const filter = hopFilter(query)
  const { limit = Infinity, service } = query
  const after = query.after === undefined ? undefined : hopIdInText(query.after)
  if (!(limit >= 1)) throw new TypeError(`limit must be 1 or more (got ${limit})`)
  if (query.after !== undefined && after === undefined) throw new TypeError('after must be an id')
  const fromNanos = nanosOf('from', query.from)
  const toNanos = nanosOf('to', query.to ?? Date.now())
  const stretch: Stretch = { fromNanos, toNanos, afterId: after, signal }
  const runs = rows.filter((row) => row.service === service && overlaps(row, fromNanos, toNanos))
  warnOfMissing(parts, rows, query, { fromNanos, toNanos, runs })
  const failures: string[] = [...unread]
  const damaged = new Set<string>()
  const reads = noRangeReads()
  const unknown = new Set<string>()
  let again: Promise<RegistryRows> | undefined
  const question = {
    parts,
    runs,
    stretch,
    filter: query,
    reads,
    known: new Set(rows.map((row) => runKey(row).toString('hex'))),
    onUnknownRun: (url: string) => unknown.add(url),
    listAgain: () => (again ??= parts.registry.list()),
    claimed: new Set<string>(),
  }
  const streams =
    fromNanos < toNanos
      ? // Runs that have ended begin first: what is read for them from its beginning need not be read for others.
        runs
          .sort((a, b) => Number(a.state === 'running') - Number(b.state === 'running'))
          .map((row) =>
            unfailing(runRange(question, row), (error) =>
              failures.push(`${row.service} ${row.address}: ${messageOf(error)}`),
            ),
          )
      : []
  let left = limit
  try {
    for await (const { record, source } of mergeById(streams)) {
      if (record.service !== service) continue
      if (record.lost > 0) damaged.add(record.instance.address)
      if (!filter(record)) continue
      yield hopJson(record, source)
      if (--left <= 0) break
    }
  } finally {
    query.onReads?.(reads)
  }
  signal.throwIfAborted()
  for (const address of damaged)
    failures.push(`${service} ${address}: its log is damaged, and not every hop is whole`)
  for (const url of unknown) failures.push(`${url} has records of ${service} of a run whose row is missing`)
  // Also when there are as many as were asked for: others may belong between them.
  if (failures.length > 0) {
    throw new HoptraceError(
      'HOPTRACE_STORE_UNAVAILABLE',
      `not everything could be read: ${failures.slice(0, 5).join('; ')}`,
    )
  }
}

function overlaps(row: InstanceRow, fromNanos: bigint, toNanos: bigint): boolean {
  const lastNanos = heartbeatNanos(row)
  return (
    row.startNanos - timing.rangeSlackNanos < toNanos &&
    (row.state === 'running' || lastNanos + timing.rangeSlackNanos >= fromNanos)
  )
}

/** Says what makes an answer shorter than its asker may think: a service that no run is registered of, and records that are deleted or lost. */
function warnOfMissing(
  { warn }: ResolverParts,
  rows: readonly InstanceRow[],
  { service }: RangeQuery,
  {
    fromNanos,
    toNanos,
    runs,
  }: Pick<Stretch, 'fromNanos' | 'toNanos'> & { readonly runs: readonly InstanceRow[] },
): void {
  if (!rows.some((row) => row.service === service)) {
    const known = [...new Set(rows.map((row) => row.service))].sort()
    const more = known.length > maxNamed ? ` and ${known.length - maxNamed} more` : ''
    const names = known.length === 0 ? 'none' : `${known.slice(0, maxNamed).join(', ')}${more}`
    warn(`no instance of a service ${service} is registered; registered are: ${names}`)
  }
  const froms = runs.map((row) => keptFromNanos(row) ?? 0n)
  const from = froms.reduce((latest, one) => (one > latest ? one : latest), 0n)
  if (fromNanos < from)
    warn(
      `${service} has deleted its records from before ${isoNanos(from)}: they are older than its store keeps`,
    )
  for (const { address, dropped } of runs) {
    const lost = dropped.filter((range) => range.fromNanos < toNanos && range.toNanos >= fromNanos)
    if (lost.length === 0) continue
    const count = lost.reduce((sum, range) => sum + range.count, 0)
    const [first, last] = [lost[0]?.fromNanos ?? 0n, lost.at(-1)?.toNanos ?? 0n]
    warn(`${service} ${address} lost ${count} records between ${isoNanos(first)} and ${isoNanos(last)}`)
  }
}

const maxNamed = 10
