import { timing } from '../../base/timing.js'
import type { HopId } from '../../id/types.js'
import type { Step } from '../../store/range.js'
import type { StoreReader } from '../../store/reader.js'
import type { hopFilter } from '../../resolve/find/filter.js'
import type { Sourced } from '../../resolve/find/merge.js'
import { messageOf } from '../../base/message.js'
import { toJson } from '../../record/record-json.js'
import { orLate } from '../../base/deadline.js'
import type { Desks } from './desks.js'
import { failureLine, moreLine, rangeEnd, readsLine } from '../../resolve/find/range-end.js'
import { Slices, type Turns } from './turns.js'

/** What one answer may cost; beyond, it says where it stopped. */
export interface RangeBudget {
  /** Time of the thread, in milliseconds. */
  readonly workMillis: number
  /** Bytes that are read. */
  readonly bytes: number
  /** Examined records, whether they match or not. */
  readonly records: number
}

/** What answers to ranges share. */
export interface RangeWork {
  readonly turns: Turns
  readonly desks: Desks
  readonly budget: RangeBudget
}

/** Records in id order. With `throughId`, the records after that id belong to the next answer. */
export interface RangeSource {
  readonly records: AsyncIterable<Sourced>
  readonly throughId?: HopId | undefined
  /** Why some records may be missing. */
  readonly damage?: string | undefined
}

const chunkChars = 16_384

/**
 * The lines of an answer to `range`. It waits for a desk, and says so by empty lines; it works in slices; and
 * it stops when its budget is used up, also when all that it reads is of other runs. `open` begins to read:
 * what it is given is called between two steps of work.
 */
export async function* rangeLines(
  { turns, desks, budget }: RangeWork,
  asker: string,
  signal: AbortSignal,
  { counts }: StoreReader,
  filter: ReturnType<typeof hopFilter>,
  limit: number,
  open: (step: Step) => Promise<RangeSource>,
): AsyncGenerator<string, void, undefined> {
  const desk = desks.take(asker, signal)
  desk.catch(() => undefined)
  let release: (() => void) | undefined
  let told = 0
  const cost = (): string => {
    const now = counts.scans + counts.segments + counts.pruned
    if (now === told) return ''
    told = now
    return `${readsLine({ instances: 0, ...counts })}\n`
  }
  try {
    while ((release = (await orLate(desk, timing.rangeBeatMillis))?.value) === undefined) yield '\n'
    const slices = new Slices(turns, asker, signal)
    let left = limit
    let seen = 0
    let text = ''
    /** After this id, records are incomplete. */
    let stop: HopId | undefined
    const isOut = (): boolean =>
      slices.worked >= budget.workMillis || counts.bytes >= budget.bytes || seen >= budget.records
    const step: Step = (through) => {
      if (through !== undefined && isOut()) {
        if (stop === undefined || through < stop) stop = through
        return false
      }
      return slices.isOver ? slices.rest().then(() => true) : true
    }
    const { records, throughId, damage } = await open(step)
    if (throughId !== undefined && (stop === undefined || throughId < stop)) stop = throughId
    for await (const { record } of records) {
      if (stop !== undefined && record.hopId > stop) {
        yield `${text}${cost()}${moreLine(stop)}\n`
        return
      }
      seen++
      if (filter(record)) {
        text += `${toJson(record)}\n`
        left--
      }
      if (left === 0) break
      if (slices.isOver) await slices.rest()
      if (isOut()) {
        yield `${text}${cost()}${moreLine(record.hopId)}\n`
        return
      }
      if (text.length >= chunkChars) {
        yield `${cost()}${text}`
        text = ''
        slices.resumed()
      }
    }
    if (left > 0 && stop !== undefined) yield `${text}${cost()}${moreLine(stop)}\n`
    else yield `${text}${cost()}${damage === undefined ? rangeEnd : failureLine(damage)}\n`
  } catch (error) {
    if (signal.aborted) return
    yield `${cost()}${failureLine(messageOf(error))}\n`
  } finally {
    release?.()
    // A desk that arrives after the caller has stopped waiting is released.
    if (release === undefined) void desk.then((late) => late()).catch(() => undefined)
  }
}
