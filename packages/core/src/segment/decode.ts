import type { HopRecord } from '../record/record.js'
import { hexOfWords } from '../id/hex.js'
import type { HopId } from '../id/types.js'
import { badSegment } from '../record/damage.js'
import { foldVersions } from '../record/fold.js'
import { openHead, type OpenedSegment, type SegmentHead } from './head.js'
import { maxValues } from './layout.js'
import { PassedRecords } from './passed-records.js'
import { readRecord } from './record-reader.js'
import { SegmentReader } from './segment-reader.js'
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
    segment.nextTime()
    segment.nextTail()
    const id = idOf(time)
    if (id < before) throw badSegment('its ids are out of order')
    before = id
    const template = segment.nextTemplate()
    values += template.size
    if (values > maxValues) throw badSegment('it holds too much')
    records.push(readRecord(segment, template, id))
  }
  if (before !== head.maxId || records[0]?.hopId !== head.minId) throw badSegment('its head names other ids')
  return { head, records }
}

/**
 * The record with an id, its versions folded. Decodes the times of the ids before it, and what it has itself; the
 * rest is passed over.
 */
export function findInSegment(value: Uint8Array, id: HopId): HopRecord | undefined {
  return findInOpened(openHead(value), id)
}

/** The same in a segment whose checksum is verified. */
export function findInOpened(opened: OpenedSegment, id: HopId): HopRecord | undefined {
  const { head } = opened
  const wanted: Words = { high: 0, low: 0, tailHigh: 0, tailLow: 0 }
  if (id < head.minId || id > head.maxId || !readWords(id, wanted)) return undefined
  const segment = new SegmentReader(opened)
  const { numbers, shapes, time } = segment
  const passed = new PassedRecords(segment)
  let found: HopRecord | undefined
  // The times alone lead to the wanted record. Only when it is reached, the shapes of those before it are read.
  let shapesRead = 0
  while (numbers.idStep.at < head.count) {
    segment.nextTimeFrom(wanted)
    if (time.high < wanted.high || (time.high === wanted.high && time.low < wanted.low)) continue
    if (time.high !== wanted.high || time.low !== wanted.low) break
    for (; shapesRead < numbers.idStep.at - 1; shapesRead++)
      passed.add(numbers.shape.next(), numbers.idTail.next())
    const shape = numbers.shape.next()
    const tail = numbers.idTail.next()
    shapesRead++
    if (segment.tailHigh(tail) !== wanted.tailHigh || segment.tailLow(tail) !== wanted.tailLow) {
      passed.add(shape, tail)
      continue
    }
    passed.skipValues()
    time.tailHigh = wanted.tailHigh
    time.tailLow = wanted.tailLow
    const record = readRecord(segment, shapes.template(shape), id)
    found = found === undefined ? record : foldVersions(found, record)
  }
  return found
}

function idOf({ high, low, tailHigh, tailLow }: Words): HopId {
  return hexOfWords(high, low, tailHigh, tailLow) as HopId
}
