import { runName } from '../../record/instance-row.js'
import { HoptraceError } from '../../base/errors.js'
import { hopIdNanos } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import type { AskPlace } from '../../ask/ask-place.js'
import { parseFailureLine, parseMoreLine, parseReadsLine, rangeEnd } from './range-end.js'
import type { ResolverParts } from '../options.js'
import type { RangeReads } from '../walk/reads.js'
import { readRecord } from '../../record/record-json.js'
import type { Question } from '../wire/http-get.js'
import type { HopFilter } from './filter.js'
import type { Sourced } from './merge.js'
import type { Stretch } from './own.js'

const bounds = { maxBytes: 1 << 30, idleMillis: 5000, totalMillis: 600_000 }
const maxLineChars = 16 << 20

/**
 * What a living instance says of a stretch: one record a line, and what it cost. Rejects when the answer
 * breaks off, or is none: records that were not asked for, or not in order.
 */
export async function* liveRange(
  parts: ResolverParts,
  place: AskPlace,
  stretch: Stretch,
  filter: HopFilter,
  reads: RangeReads,
): AsyncGenerator<Sourced, void, undefined> {
  let { afterId } = stretch
  reads.instances++
  do afterId = yield* oneAnswer(parts, place, { ...stretch, afterId }, filter, reads)
  while (afterId !== undefined)
}

/**
 * One answer. Returns where the instance stopped because it had cost enough, undefined when it was at the
 * end.
 */
async function* oneAnswer(
  { client }: ResolverParts,
  place: AskPlace,
  stretch: Stretch,
  filter: HopFilter,
  reads: RangeReads,
): AsyncGenerator<Sourced, HopId | undefined, undefined> {
  const question = questionOf(stretch, filter)
  let before: HopId | undefined = stretch.afterId
  let told: RangeReads | undefined
  for await (const line of lines(
    client.stream(place, question, bounds, stretch.signal ?? new AbortController().signal),
  )) {
    // It is alive, and waits for others to be answered.
    if (line === '') continue
    if (line === rangeEnd) return undefined
    const after = parseMoreLine(line)
    if (after !== undefined && isNext(after, stretch.afterId, stretch) && after >= (before ?? after))
      return after
    const failure = parseFailureLine(line)
    if (failure !== undefined)
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${place.run}: ${failure}`)
    const cost = parseReadsLine(line)
    if (cost !== undefined) {
      // It says what it has read in all, each time.
      for (const name of ['scans', 'bytes', 'segments', 'pruned'] as const)
        reads[name] += Math.max(0, cost[name] - (told?.[name] ?? 0))
      told = cost
      continue
    }
    const record = readRecord(parse(line))
    const isOf = record !== undefined && runName(record.instance) === place.run
    if (!isOf || !isNext(record.hopId, before, stretch)) {
      throw new HoptraceError('HOPTRACE_BAD_ANSWER', `${place.run} sent what was not asked for`)
    }
    before = record.hopId
    yield { record, source: 'live' }
  }
  throw new HoptraceError('HOPTRACE_BAD_ANSWER', `${place.run} broke off`)
}

function isNext(id: HopId, before: HopId | undefined, { fromNanos, toNanos }: Stretch): boolean {
  const nanos = hopIdNanos(id)
  return nanos >= fromNanos && nanos < toNanos && (before === undefined || id > before)
}

function questionOf(
  { fromNanos, toNanos, afterId }: Stretch,
  { status, route, minDurationMicros, key }: HopFilter,
): Question {
  const [from, to] = [fromNanos, toNanos]
  return {
    path: 'range',
    query: { from, to, after: afterId, status, route, min: minDurationMicros, key },
  }
}

/** Complete lines; text after the last line end is no line. Rejects for a line without an end. */
async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const piece of pieces) {
    rest += piece
    if (rest.length > maxLineChars) throw new HoptraceError('HOPTRACE_BAD_ANSWER', 'a line has no end')
    if (!piece.includes('\n')) continue
    const whole = rest.split('\n')
    rest = whole.pop() ?? ''
    yield* whole
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
