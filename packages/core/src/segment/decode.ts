import type { HopRecord } from '../record/record.js'
import { hexOfWords } from '../id/hex.js'
import type { HopId } from '../id/types.js'
import { badSegment } from '../record/damage.js'
import { foldVersions } from '../record/fold.js'
import { openHead, type OpenedSegment, type SegmentHead } from './head.js'
import { maxValues } from './layout.js'
import { readRecord, skipRecords } from './record-reader.js'
import { SegmentReader } from './segment-reader.js'
import type { HopTemplate } from './template.js'
import type { Words } from './words.js'
import { readWords } from './words.js'

/** All records of a segment, in id order. Damage is a `HOPTRACE_BAD_SEGMENT`. */
export function decodeSegment(value: Uint8Array): { head: SegmentHead; records: HopRecord[] } {
  const segment = new SegmentReader(openHead(value))
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
  return findInOpened(openHead(value), id)
}

/** The same in a segment whose checksum is verified. */
export function findInOpened(opened: OpenedSegment, id: HopId): HopRecord | undefined {
  const { head } = opened
  const wanted: Words = { high: 0, low: 0, tailHigh: 0, tailLow: 0 }
  if (id < head.minId || id > head.maxId || !readWords(id, wanted)) return undefined
  const segment = new SegmentReader(opened)
  const { time, templates, numbers } = segment
  // Records of each shape that were passed, and of these the ones that callers issued the id of.
  const passed = new Uint32Array(templates.length)
  const assigned = new Uint32Array(templates.length)
  let found: HopRecord | undefined
  for (let i = 0; i < head.count; i++) {
    const tail = segment.tail(segment.nextTime())
    if (time.high > wanted.high || (time.high === wanted.high && time.low > wanted.low)) break
    const shape = numbers.shape.next()
    const template = templates[shape]
    if (template === undefined) throw badSegment('a record has an unknown shape')
    const isTime = time.low === wanted.low && time.high === wanted.high
    if (!isTime || tail.high !== wanted.tailHigh || tail.low !== wanted.tailLow) {
      passed[shape] = (passed[shape] as number) + 1
      if (tail.high >= 0x8000_0000) assigned[shape] = (assigned[shape] as number) + 1
      continue
    }
    for (const [other, count] of passed.entries()) {
      if (count > 0) skipRecords(segment, templates[other] as HopTemplate, count, assigned[other] as number)
    }
    passed.fill(0)
    assigned.fill(0)
    time.tailHigh = tail.high
    time.tailLow = tail.low
    const record = readRecord(segment, template, id)
    found = found === undefined ? record : foldVersions(found, record)
  }
  return found
}

function idOf({ high, low, tailHigh, tailLow }: Words): HopId {
  return hexOfWords(high, low, tailHigh, tailLow) as HopId
}
