import type {
  AttributeValue,
  Attributes,
  CallRecord,
  EventRecord,
  HopRecord,
  HopState,
  ServedBy,
} from '../record/record.js'
import { hex64, hexOfWords, joinWords } from '../id/hex.js'
import type { HopId } from '../id/types.js'
import { badSegment } from '../record/damage.js'
import { recordFromJson } from '../record/json-record.js'
import { callBits, columnType, hopBits, hopStates, idForm, jsonUnits } from './layout.js'
import { unzigzag } from './number-column.js'
import { textUnits } from './record-parts.js'
import type { SegmentReader } from './segment-reader.js'
import { hasBit, type CallTemplate, type HopTemplate, type ValueTemplate } from './template.js'

const word = 4_294_967_296

/** Puts the record at `segment.time` together; the cursors of all columns are at its values. */
export function readRecord(segment: SegmentReader, template: HopTemplate, id: HopId): HopRecord {
  if (hasBit(template.bits, hopBits.json)) {
    const text = segment.texts.json.next()
    segment.budget.texts(text.length * jsonUnits)
    return recordFromJson(text)
  }
  const record = fromColumns(segment, template, id)
  segment.budget.texts(textUnits(record))
  return record
}

function fromColumns(segment: SegmentReader, template: HopTemplate, id: HopId): HopRecord {
  const { numbers, strings, texts, head, time } = segment
  const { bits } = template
  const isRest = hasBit(bits, hopBits.durationRest)
  const traceId =
    template.trace === idForm.same
      ? id
      : template.trace === idForm.step
        ? stepped(segment, time, -unzigzag(numbers.traceStep.next()), numbers.traceTail.next())
        : wordsOf(segment)
  const start = shifted(
    time,
    unzigzag((time.tailHigh >= 0x8000_0000 ? numbers.startAssigned : numbers.startOwn).next()),
  )
  const coded = !hasBit(bits, hopBits.duration)
    ? null
    : isRest
      ? unzigzag(numbers.durationRest.next())
      : numbers.duration.next()
  const assignedId = hasBit(bits, hopBits.assignedId)
    ? (stepped(segment, time, -unzigzag(numbers.assignedStep.next()), numbers.assignedTail.next()) as HopId)
    : null
  const parentSpan = hasBit(bits, hopBits.parentSpan) ? spanOf(segment) : null
  const link = hasBit(bits, hopBits.link) ? texts.link.next() : null
  const crash = hasBit(bits, hopBits.crash) ? texts.crash.next() : null
  const shed = hasBit(bits, hopBits.shed) ? numbers.shed.next() : 0
  const error = template.error && {
    name: strings.at(template.error.name),
    message: texts.errorMessage.next(),
    code: strings.orNull(template.error.code),
  }
  const keys = readValues(segment, template.keys) as Record<string, string>
  const attributes = readValues(segment, template.attributes)
  const events = readEvents(segment, template)
  const { calls, lastEnd } = readCalls(segment, template.next, start)
  return {
    hopId: id,
    traceId,
    service: head.service,
    instance: head.instance,
    state: hopStates[(bits >> hopBits.state) & 3] as HopState,
    startNanos: joinWords(start.high, start.low),
    durationMicros: coded === null ? null : isRest ? positive(coded + lastEnd) : coded,
    method: strings.orNull(template.method),
    route: strings.orNull(template.route),
    status: template.status === 0 ? null : template.status - 1,
    error,
    aborted: hasBit(bits, hopBits.aborted),
    keys,
    attributes,
    events,
    next: calls,
    parentSpan,
    link,
    assignedId,
    flags: template.flags,
    crash,
    shed,
    lost: template.lost,
  }
}

/** Passes over the values of `count` records of a shape. */
export function skipRecords(
  segment: SegmentReader,
  template: HopTemplate,
  count: number,
  assigned: number,
): void {
  const { numbers, texts } = segment
  const { bits } = template
  if (hasBit(bits, hopBits.json)) {
    texts.json.skip(count)
    return
  }
  numbers.startAssigned.skip(assigned)
  numbers.startOwn.skip(count - assigned)
  if (template.trace === idForm.step) {
    numbers.traceStep.skip(count)
    numbers.traceTail.skip(count)
  } else if (template.trace === idForm.words) numbers.words.skip(4 * count)
  if (hasBit(bits, hopBits.duration))
    (hasBit(bits, hopBits.durationRest) ? numbers.durationRest : numbers.duration).skip(count)
  if (hasBit(bits, hopBits.assignedId)) {
    numbers.assignedStep.skip(count)
    numbers.assignedTail.skip(count)
  }
  if (hasBit(bits, hopBits.parentSpan)) numbers.words.skip(2 * count)
  if (hasBit(bits, hopBits.link)) texts.link.skip(count)
  if (hasBit(bits, hopBits.crash)) texts.crash.skip(count)
  if (hasBit(bits, hopBits.shed)) numbers.shed.skip(count)
  if (template.error) texts.errorMessage.skip(count)
  skipValues(segment, template.keys, count)
  skipValues(segment, template.attributes, count)
  for (const event of template.events) skipValues(segment, event.attributes, count)
  numbers.eventOffset.skip(template.events.length * count)
  for (const call of template.next) {
    ;(hasBit(call.bits, callBits.gap) ? numbers.callGap : numbers.callOffset).skip(count)
    if (call.tail < 0) numbers.words.skip(4 * count)
    else numbers.callClock.skip(count)
    if (hasBit(call.bits, callBits.duration)) numbers.callDuration.skip(count)
    if (call.served?.form === idForm.step) {
      numbers.servedStep.skip(count)
      numbers.servedTail.skip(count)
    } else if (call.served?.form === idForm.words) numbers.words.skip(4 * count)
  }
}

function skipValues(segment: SegmentReader, values: readonly ValueTemplate[], count: number): void {
  for (const value of values) segment.values[value.column]?.skip(count)
}

function readValues(segment: SegmentReader, values: readonly ValueTemplate[]): Attributes {
  const read: Record<string, AttributeValue> = {}
  for (const { name: number, type, column } of values) {
    const name = segment.strings.at(number)
    const value = column < 0 ? type === columnType.true : columnValue(segment, type, column)
    // An own property whatever its name: an assignment to `__proto__` would not make one.
    if (name === '__proto__') {
      Object.defineProperty(read, name, { value, enumerable: true, configurable: true, writable: true })
    } else read[name] = value
  }
  return read
}

function columnValue(segment: SegmentReader, type: number, column: number): AttributeValue {
  const reader = segment.values[column]
  if (reader === undefined) throw badSegment('a value has no column')
  const value = reader.next()
  return type === columnType.integer ? unzigzag(value as number) : value
}

function readEvents(segment: SegmentReader, template: HopTemplate): EventRecord[] {
  let offset = 0
  return template.events.map(({ name, attributes }) => {
    const values = readValues(segment, attributes)
    offset = positive(offset + unzigzag(segment.numbers.eventOffset.next()))
    return { name: segment.strings.at(name), offsetMicros: offset, attributes: values }
  })
}

function readCalls(
  segment: SegmentReader,
  templates: readonly CallTemplate[],
  start: { high: number; low: number },
): { calls: CallRecord[]; lastEnd: number } {
  const { numbers, strings } = segment
  let before = 0
  let end = 0
  const calls = templates.map((call): CallRecord => {
    const isGap = hasBit(call.bits, callBits.gap)
    const moved = unzigzag((isGap ? numbers.callGap : numbers.callOffset).next())
    const offsetMicros = positive(moved + (isGap ? end : before))
    const hopId = (
      call.tail < 0
        ? wordsOf(segment)
        : stepped(segment, start, unzigzag(numbers.callClock.next()) + offsetMicros * 1000, call.tail)
    ) as HopId
    const durationMicros = hasBit(call.bits, callBits.duration) ? numbers.callDuration.next() : null
    before = offsetMicros
    end = offsetMicros + (durationMicros ?? 0)
    return {
      hopId,
      target: strings.at(call.target),
      service: strings.orNull(call.service),
      method: strings.orNull(call.method),
      outcome: strings.orNull(call.outcome),
      offsetMicros,
      durationMicros,
      servedBy: call.served && readServed(segment, call.served, hopId),
      via: hasBit(call.bits, callBits.via) ? strings.at(call.via) : null,
      otherKey: hasBit(call.bits, callBits.otherKey) ? strings.at(call.otherKey) : null,
    }
  })
  return { calls, lastEnd: end }
}

function readServed(
  segment: SegmentReader,
  served: NonNullable<CallTemplate['served']>,
  callId: HopId,
): ServedBy {
  const { form } = served
  const service = segment.strings.at(served.service)
  const address = segment.strings.at(served.address)
  if (form === idForm.same) return { hopId: callId, service, address }
  if (form === idForm.words) return { hopId: wordsOf(segment) as HopId, service, address }
  const call = { high: parseInt(callId.slice(0, 8), 16), low: parseInt(callId.slice(8, 16), 16) }
  const { servedStep, servedTail } = segment.numbers
  return {
    hopId: stepped(segment, call, unzigzag(servedStep.next()), servedTail.next()) as HopId,
    service,
    address,
  }
}

/** A time moved by nanoseconds. */
function shifted(time: { high: number; low: number }, nanos: number): { high: number; low: number } {
  const low = time.low + nanos
  const high = time.high + Math.floor(low / word)
  if (!(high >= 0 && high < word)) throw badSegment('a time is out of bounds')
  return { high, low: low - Math.floor(low / word) * word }
}

function stepped(
  segment: SegmentReader,
  from: { high: number; low: number },
  nanos: number,
  tail: number,
): string {
  const time = shifted(from, nanos)
  return hexOfWords(time.high, time.low, segment.tailHigh(tail), segment.tailLow(tail))
}

function wordsOf(segment: SegmentReader): string {
  const { words } = segment.numbers
  return hexOfWords(nextWord(words), nextWord(words), nextWord(words), nextWord(words))
}

function spanOf(segment: SegmentReader): string {
  const { words } = segment.numbers
  return hex64(nextWord(words), nextWord(words))
}

function nextWord(words: { next(): number }): number {
  const value = words.next()
  if (value >= word) throw badSegment('a number is out of bounds')
  return value
}

function positive(value: number): number {
  if (value < 0) throw badSegment('a time is out of bounds')
  return value
}
