import type { HopRecord } from '../record/record.js'
import { hexOfWords } from '../id/hex.js'
import type { HopId } from '../id/types.js'
import { badSegment } from '../record/damage.js'
import { foldVersions } from '../record/fold.js'
import type { SegmentHead } from './head.js'
import { maxValues } from './layout.js'
import { readRecord, skipRecords } from './record-reader.js'
import { SegmentReader } from './segment-reader.js'
import type { HopTemplate } from './template.js'
import type { Words } from './words.js'
import { readWords } from './words.js'

/** All records of a segment, in id order. Damage is a `HOPTRACE_BAD_SEGMENT`. */
export function decodeSegment(value: Uint8Array): { head: SegmentHead; records: HopRecord[] } {
  const segment = new SegmentReader(value)
  const { head, time } = segment
  const records: HopRecord[] = []
  let values = 0
  let before = ''
  for (let i = 0; i < head.count; i++) {
    segment.nextId()
    const id = idOf(time)
    if (id < before) throw badSegment('its ids are out of order')
    before = id
    const template = segment.template()
    values += template.size
    if (values > maxValues) throw badSegment('it holds too much')
    records.push(readRecord(segment, template, id))
  }
  if (before !== head.maxId || records[0]?.hopId !== head.minId) throw badSegment('its head names other ids')
  return { head, records }
}

/** The record with an id, its versions folded. Only ids and the columns that the record has are decoded. */
export function findInSegment(value: Uint8Array, id: HopId): HopRecord | undefined {
  const segment = new SegmentReader(value)
  const { head, time } = segment
  const wanted: Words = { high: 0, low: 0, tailHigh: 0, tailLow: 0 }
  if (id < head.minId || id > head.maxId || !readWords(id, wanted)) return undefined
  const passed = new Map<HopTemplate, { count: number; assigned: number }>()
  let found: HopRecord | undefined
  for (let i = 0; i < head.count; i++) {
    segment.nextId()
    if (time.high > wanted.high || (time.high === wanted.high && time.low > wanted.low)) break
    const template = segment.template()
    if (time.low === wanted.low && idOf(time) === id) {
      for (const [shape, { count, assigned }] of passed) skipRecords(segment, shape, count, assigned)
      passed.clear()
      const record = readRecord(segment, template, id)
      found = found === undefined ? record : foldVersions(found, record)
      continue
    }
    const assigned = time.tailHigh >= 0x8000_0000 ? 1 : 0
    const seen = passed.get(template)
    if (seen === undefined) passed.set(template, { count: 1, assigned })
    else {
      seen.count++
      seen.assigned += assigned
    }
  }
  return found
}

function idOf({ high, low, tailHigh, tailLow }: Words): HopId {
  return hexOfWords(high, low, tailHigh, tailLow) as HopId
}
