import type { HopRecord } from '../hop/record.js'
import type { HopId } from '../id/types.js'
import { badSegment } from './damage.js'
import { foldVersions } from './fold.js'
import type { SegmentHead } from './head.js'
import { maxValues } from './layout.js'
import { readRecord, skipRecords } from './record-reader.js'
import { SegmentReader } from './segment-reader.js'
import type { HopTemplate } from './template.js'

/** All records of a segment, in id order. Damage is a `HOPTRACE_BAD_SEGMENT`. */
export function decodeSegment(value: Uint8Array): { head: SegmentHead; records: HopRecord[] } {
  const segment = new SegmentReader(value)
  const records: HopRecord[] = []
  let values = 0
  let before = ''
  for (const time of segment.ids()) {
    if (time.id < before) throw badSegment('its ids are out of order')
    before = time.id
    const template = segment.template()
    values += template.size
    if (values > maxValues * 4) throw badSegment('it holds too much')
    records.push(readRecord(segment, template, time))
  }
  if (before !== segment.head.maxId || records[0]?.hopId !== segment.head.minId)
    throw badSegment('its head names other ids')
  return { head: segment.head, records }
}

/** The record with an id, its versions folded. Only ids and the columns that the record has are decoded. */
export function findInSegment(value: Uint8Array, id: HopId): HopRecord | undefined {
  const segment = new SegmentReader(value)
  if (id < segment.head.minId || id > segment.head.maxId) return undefined
  const passed = new Map<HopTemplate, { count: number; assigned: number }>()
  let found: HopRecord | undefined
  for (const time of segment.ids()) {
    if (time.id > id) break
    const template = segment.template()
    if (time.id === id) {
      for (const [shape, { count, assigned }] of passed) skipRecords(segment, shape, count, assigned)
      passed.clear()
      const record = readRecord(segment, template, time)
      found = found === undefined ? record : foldVersions(found, record)
      continue
    }
    const seen = passed.get(template)
    if (seen === undefined) passed.set(template, { count: 1, assigned: +time.assigned })
    else {
      seen.count++
      seen.assigned += +time.assigned
    }
  }
  return found
}
