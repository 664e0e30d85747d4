import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { SegmentMeta } from '../segment/encode.js'
import { encodeSegment } from '../segment/encode.js'
import { cellBytes } from '../segment/layout.js'
import type { Row } from './contract.js'
import type { Lane } from './keys.js'
import { idNanos, runKey, saltOf, segmentKey } from './keys.js'

/**
 * Records of one segment, unless they take more than a cell. A look-up reads and unpacks a whole segment: twice as many would
 * save two bytes in a hundred, and a look-up would take half as long again.
 */
export const segmentRecords = 512

/** Records that are made when they are asked for, or an array. */
export interface RecordList {
  readonly length: number
  at(index: number): HopRecord | undefined
  slice(from: number, to: number): readonly HopRecord[]
}

/** What `segmentRows` cuts. */
export interface SegmentBatch {
  readonly meta: SegmentMeta
  /** Salt buckets of the table: 1-128. */
  readonly buckets: number
  readonly windowNanos: bigint
  readonly windowStartNanos: bigint
  readonly lane: Lane
  /** Names a late batch; the same on replay. Required in the late lane, and only there. */
  readonly batch?: bigint
  /** In id order, all of this window. */
  readonly records: RecordList
  /** The max ids of a cut made before: the same segments are made again. Records beyond the last one are refused. */
  readonly cut?: readonly HopId[]
}

/**
 * The rows of one window's records, and where they were cut (the max id of each segment), which the caller keeps so that a
 * replay writes the same keys. Ids that share their first ten bytes are never cut apart, as a key has no more of them.
 * A cell stays below 100 KB; only one record, or records that cannot be cut apart, take more, up to 8 MiB. Beyond that their
 * attributes and events are shed, and counted in `shed`; the calls of a record at its limits always fit. A record beyond the
 * limits is stored without them, and says so in `lost`.
 * Throws `TypeError` for records that are not of this window or not in order.
 */
export function segmentRows(batch: SegmentBatch): { rows: Row[]; cut: HopId[] } {
  const { records, cut } = batch
  checkWindow(batch)
  const rows: Row[] = []
  const ends: HopId[] = []
  const run = runKey(batch.meta.instance)
  const salt = saltOf(run, batch.buckets)
  const add = (value: Uint8Array, maxId: HopId): void => {
    const { windowStartNanos, lane } = batch
    rows.push({
      key: segmentKey({ salt, windowStartNanos, run, lane, maxId, batch: batch.batch ?? null }),
      value,
    })
    ends.push(maxId)
  }
  if (cut !== undefined) {
    let from = 0
    for (const maxId of cut) {
      let to = from
      while (to < records.length && idAt(records, to) <= maxId) to++
      // What a cut named and is gone from the log leaves a smaller segment under the same key.
      if (to > from) add(encodeSegment(batch.meta, records.slice(from, to)), maxId)
      from = to
    }
    if (from < records.length) throw new TypeError('records beyond the last segment of the cut')
    return { rows, cut: [...cut] }
  }
  for (let from = 0; from < records.length;) {
    const to = cutAfter(records, Math.min(from + segmentRecords, records.length))
    addCells(batch.meta, records.slice(from, to), add)
    from = to
  }
  return { rows, cut: ends }
}

/** Encodes records as one cell, or as two halves when it is too large. */
function addCells(
  meta: SegmentMeta,
  records: readonly HopRecord[],
  add: (value: Uint8Array, maxId: HopId) => void,
): void {
  const middle = cutAfter(records, Math.ceil(records.length / 2))
  const value = encodeOrCut(meta, records, middle < records.length)
  if (value !== undefined) {
    add(value, (records[records.length - 1] as HopRecord).hopId)
    return
  }
  addCells(meta, records.slice(0, middle), add)
  addCells(meta, records.slice(middle), add)
}

/** Undefined when the records are better cut. What is too large for any segment loses its details, which is counted. */
function encodeOrCut(
  meta: SegmentMeta,
  records: readonly HopRecord[],
  canCut: boolean,
): Uint8Array | undefined {
  try {
    const value = encodeSegment(meta, records)
    return value.length < cellBytes || !canCut ? value : undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return canCut ? undefined : encodeLess(meta, records)
  }
}

/** What no segment takes even without its details is beyond the limits of a hop: a log that was tampered with has such records. */
function encodeLess(meta: SegmentMeta, records: readonly HopRecord[]): Uint8Array {
  try {
    return encodeSegment(meta, records.map(shedDetails))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return encodeSegment(meta, records.map(shedDetails).map(bare))
  }
}

/** A record without anything that can be long; what is left out counts as lost. */
function bare(record: HopRecord): HopRecord {
  const lost = record.lost + record.next.length + Object.keys(record.keys).length + 1
  return {
    ...record,
    keys: {},
    next: [],
    error: null,
    method: null,
    route: null,
    link: null,
    crash: null,
    lost,
  }
}

function shedDetails(record: HopRecord): HopRecord {
  const shed = record.shed + record.events.length + Object.keys(record.attributes).length
  return { ...record, attributes: {}, events: [], shed }
}

/** The first place at or after `at` where the records may be cut. */
function cutAfter(records: RecordList, at: number): number {
  while (at > 0 && at < records.length && tenBytes(records, at) === tenBytes(records, at - 1)) at++
  return at
}

function tenBytes(records: RecordList, index: number): string {
  return idAt(records, index).slice(0, 20)
}

function idAt(records: RecordList, index: number): HopId {
  return (records.at(index) as HopRecord).hopId
}

function checkWindow({ records, windowStartNanos, windowNanos, lane, batch }: SegmentBatch): void {
  if ((lane === 'late') !== (batch !== undefined))
    throw new TypeError('a late batch has a number, the first lane has none')
  if (records.length === 0) return
  const first = idNanos(idAt(records, 0))
  const last = idNanos(idAt(records, records.length - 1))
  if (first < windowStartNanos || last >= windowStartNanos + windowNanos) {
    throw new TypeError('records of another window')
  }
}
