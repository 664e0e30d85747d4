import type { Attributes, CallRecord, EventRecord, HopRecord, InstanceRef } from '../record/record.js'
import type { NumberColumnName, TextColumnName } from './layout.js'
import {
  callBits,
  hopBits,
  hopStates,
  idForm,
  jsonUnits,
  maxMicros,
  maxNanosDifference,
  numberColumns,
  sizeOf,
  textColumns,
  columnType,
} from './layout.js'
import { HeldValues } from './held-values.js'
import { recordToJson } from '../record/json-record.js'
import {
  difference,
  endOf,
  isSameRun,
  namesOf,
  partsOf,
  readTime,
  textUnits,
  typeOf,
} from './record-parts.js'
import { NumberColumn, zigzag } from './number-column.js'
import type { ValueColumn } from './shape-trie.js'
import { ShapeNode } from './shape-trie.js'
import { TailDictionary } from './tail-dictionary.js'
import type { Words } from './words.js'
import { hexWord, readWords } from './words.js'

const words = (): Words => ({ high: 0, low: 0, tailHigh: 0, tailLow: 0 })

/**
 * Takes records, in id order, apart into columns. What a record adds is held back until all of it is known to fit;
 * a record that does not fit goes to the `json` column as a whole.
 */
export class RecordWriter {
  readonly numbers = Object.fromEntries(numberColumns.map((name) => [name, new NumberColumn()])) as Record<
    NumberColumnName,
    NumberColumn
  >
  readonly texts = Object.fromEntries(textColumns.map((name) => [name, []])) as unknown as Record<
    TextColumnName,
    string[]
  >
  readonly strings = new Map<string, number>()
  readonly tails = new TailDictionary()
  readonly shapes: ShapeNode[] = []
  readonly valueColumns: ValueColumn[] = []
  /** See `sizeOf`: that of all records so far. */
  values = 0
  /** See `textUnits`: that of all records so far. */
  units = 0
  readonly #root = new ShapeNode(0, undefined)
  readonly #columns = new Map<string, ValueColumn>()
  readonly #listed = new Set<ValueColumn>()
  readonly #service: string
  readonly #instance: InstanceRef
  readonly #id = words()
  readonly #other = words()
  readonly #call = words()
  readonly #start = words()
  #before = { high: 0, low: 0 }
  readonly #held = new HeldValues()
  #fits = true

  constructor(service: string, instance: InstanceRef) {
    this.#service = service
    this.#instance = instance
  }

  /** Adds a record whose id is not below the one before. Throws `TypeError` for an id that is none, or out of order. */
  add(record: HopRecord): void {
    const id = this.#id
    if (!readWords(record.hopId, id)) throw new TypeError(`not a hop id: ${record.hopId}`)
    const first = this.numbers.shape.length === 0
    const step = first ? 0 : difference(id, this.#before)
    if (!(step >= 0 && step <= maxNanosDifference)) {
      throw new TypeError('records of a segment are in id order, and from one window')
    }
    this.#before.high = id.high
    this.#before.low = id.low
    this.#fits = record.service === this.#service && isSameRun(record.instance, this.#instance)
    let node = this.#walk(record)
    if (!this.#fits) {
      this.#held.drop()
      node = this.#root.number(1 << hopBits.json)
      const json = recordToJson(record)
      this.units += json.length * jsonUnits
      this.#held.text(this.texts.json, json)
    } else this.units += textUnits(record)
    this.numbers.idStep.push(step)
    this.numbers.idTail.push(this.tails.number(id.tailHigh, id.tailLow))
    if (node.shape < 0) this.#addShape(node, sizeOf(partsOf(this.#fits ? record : undefined)))
    this.numbers.shape.push(node.shape)
    this.#held.release()
    this.values += node.size
  }

  #walk(record: HopRecord): ShapeNode {
    const { numbers, texts, strings } = this
    const id = this.#id
    const other = this.#other
    const calls = record.next
    const lastEnd = calls.length === 0 ? 0 : endOf(calls[calls.length - 1] as CallRecord)
    const duration = record.durationMicros
    const traceForm = record.traceId === record.hopId ? idForm.same : this.#form(record.traceId)
    const traceStep = traceForm === idForm.step ? difference(id, other) : 0
    let node = this.#root
      .number(
        (hopStates.indexOf(record.state) << hopBits.state) |
          (+record.aborted << hopBits.aborted) |
          (+(duration !== null) << hopBits.duration) |
          (+(calls.length > 0) << hopBits.durationRest) |
          (traceForm << hopBits.trace) |
          (+(record.assignedId !== null) << hopBits.assignedId) |
          (+(record.parentSpan !== null) << hopBits.parentSpan) |
          (+(record.link !== null) << hopBits.link) |
          (+(record.error !== null) << hopBits.error) |
          (+(record.crash !== null) << hopBits.crash) |
          (+(record.shed !== 0) << hopBits.shed) |
          (+(record.lost !== 0) << hopBits.lost),
      )
      .number(this.#natural(record.flags))
      .text(record.method, strings)
      .text(record.route, strings)
      .number(record.status === null ? 0 : this.#natural(record.status) + 1)
    if (record.lost !== 0) node = node.number(this.#natural(record.lost))
    if (traceForm === idForm.step) {
      this.#held.number(numbers.traceStep, zigzag(traceStep))
      this.#held.number(numbers.traceTail, this.tails.number(other.tailHigh, other.tailLow))
    } else if (traceForm === idForm.words) this.#held.words(this.numbers.words, other)
    const start = this.#start
    readTime(record.startNanos, start)
    const late = difference(start, id)
    if (!(Math.abs(late) <= maxNanosDifference)) this.#fits = false
    this.#held.number(
      (id.tailHigh & 0x8000_0000) !== 0 ? numbers.startAssigned : numbers.startOwn,
      zigzag(late),
    )
    if (duration !== null) {
      this.#natural(duration)
      if (calls.length > 0) this.#held.number(numbers.durationRest, zigzag(duration - lastEnd))
      else this.#held.number(numbers.duration, duration)
    }
    if (record.assignedId !== null) this.#assigned(record.assignedId)
    if (record.parentSpan !== null) this.#span(record.parentSpan)
    if (record.link !== null) this.#held.text(texts.link, record.link)
    if (record.crash !== null) this.#held.text(texts.crash, record.crash)
    if (record.shed !== 0) this.#held.number(numbers.shed, this.#natural(record.shed))
    if (record.error !== null) {
      node = node.text(record.error.name, strings).text(record.error.code, strings)
      this.#held.text(texts.errorMessage, record.error.message)
    }
    node = this.#keys(record, node)
    node = this.#attributes(record.attributes, '', node)
    node = this.#events(record.events, node)
    return this.#calls(calls, node)
  }

  /** Reads an id into `#other`, and says how it is coded against this hop's. */
  #form(text: string): number {
    if (!readWords(text, this.#other)) {
      this.#fits = false
      return idForm.words
    }
    return Math.abs(difference(this.#id, this.#other)) <= maxNanosDifference ? idForm.step : idForm.words
  }

  #assigned(text: string): void {
    if (this.#form(text) !== idForm.step) this.#fits = false
    this.#held.number(this.numbers.assignedStep, zigzag(difference(this.#id, this.#other)))
    this.#held.number(this.numbers.assignedTail, this.tails.number(this.#other.tailHigh, this.#other.tailLow))
  }

  #span(text: string): void {
    if (text.length !== 16) {
      this.#fits = false
      return
    }
    const high = hexWord(text, 0)
    const low = hexWord(text, 8)
    if (Number.isNaN(high + low)) this.#fits = false
    this.#held.number(this.numbers.words, high)
    this.#held.number(this.numbers.words, low)
  }

  #keys(record: HopRecord, node: ShapeNode): ShapeNode {
    const names = namesOf(record.keys)
    node = node.number(names.length)
    for (const name of names) {
      node = node.text(name, this.strings)
      node.column ??= this.#column(`k\n${name}`, columnType.text)
      this.#held.text(node.column.texts, record.keys[name] as string)
    }
    return node
  }

  #attributes(attributes: Attributes, scope: string, node: ShapeNode): ShapeNode {
    const names = namesOf(attributes)
    node = node.number(names.length)
    for (const name of names) {
      const value = attributes[name]
      const type = typeOf(value)
      node = node.text(name, this.strings).number(type)
      if (type > columnType.float) continue
      node.column ??= this.#column(`${type}${scope}\n${name}`, type)
      if (typeof value === 'string') this.#held.text(node.column.texts, value)
      else
        this.#held.number(
          node.column.numbers,
          type === columnType.integer ? zigzag(value as number) : (value as number),
        )
    }
    return node
  }

  #events(events: readonly EventRecord[], node: ShapeNode): ShapeNode {
    node = node.number(events.length)
    let before = 0
    for (const event of events) {
      node = this.#attributes(event.attributes, `e${event.name}`, node.text(event.name, this.strings))
      this.#held.number(this.numbers.eventOffset, zigzag(this.#natural(event.offsetMicros) - before))
      before = event.offsetMicros
    }
    return node
  }

  #calls(calls: readonly CallRecord[], node: ShapeNode): ShapeNode {
    const { numbers, strings } = this
    const id = this.#call
    node = node.number(calls.length)
    let before = 0
    let end = 0
    for (const call of calls) {
      const offset = this.#natural(call.offsetMicros)
      if (!readWords(call.hopId, id)) this.#fits = false
      const clock = difference(id, this.#start) - offset * 1000
      const far = !(Math.abs(clock) <= maxNanosDifference)
      const gap = Math.abs(offset - end) < Math.abs(offset - before)
      const { servedBy } = call
      const servedForm =
        servedBy === null || servedBy.hopId === call.hopId ? idForm.same : this.#servedForm(servedBy.hopId)
      node = node
        .number(
          (+(call.durationMicros !== null) << callBits.duration) |
            (+gap << callBits.gap) |
            (+far << callBits.words) |
            (+(servedBy !== null) << callBits.servedBy) |
            (servedForm << callBits.servedForm) |
            (+(call.via !== null) << callBits.via) |
            (+(call.otherKey !== null) << callBits.otherKey),
        )
        .text(call.target, strings)
        .text(call.service, strings)
        .text(call.method, strings)
        .text(call.outcome, strings)
      if (call.via !== null) node = node.text(call.via, strings)
      if (call.otherKey !== null) node = node.text(call.otherKey, strings)
      this.#held.number(gap ? numbers.callGap : numbers.callOffset, zigzag(offset - (gap ? end : before)))
      if (far) this.#held.words(this.numbers.words, id)
      else {
        this.#held.number(numbers.callClock, zigzag(clock))
        node = node.number(this.tails.number(id.tailHigh, id.tailLow))
      }
      if (call.durationMicros !== null)
        this.#held.number(numbers.callDuration, this.#natural(call.durationMicros))
      before = offset
      end = endOf(call)
      if (servedBy === null) continue
      node = node.text(servedBy.service, strings).text(servedBy.address, strings)
      if (servedForm === idForm.step) {
        this.#held.number(numbers.servedStep, zigzag(difference(this.#other, id)))
        this.#held.number(numbers.servedTail, this.tails.number(this.#other.tailHigh, this.#other.tailLow))
      } else if (servedForm === idForm.words) this.#held.words(this.numbers.words, this.#other)
    }
    return node
  }

  #servedForm(text: string): number {
    if (!readWords(text, this.#other)) this.#fits = false
    return Math.abs(difference(this.#other, this.#call)) <= maxNanosDifference ? idForm.step : idForm.words
  }

  #column(key: string, type: number): ValueColumn {
    let column = this.#columns.get(key)
    if (column === undefined) {
      this.#columns.set(key, (column = { type, texts: [], numbers: new NumberColumn() }))
    }
    return column
  }

  #natural(value: number): number {
    if (Number.isInteger(value) && value >= 0 && value <= maxMicros) return value
    this.#fits = false
    return 0
  }

  #addShape(node: ShapeNode, size: number): void {
    node.shape = this.shapes.length
    node.size = size
    this.shapes.push(node)
    const columns: ValueColumn[] = []
    for (let at: ShapeNode | undefined = node; at !== undefined; at = at.parent)
      if (at.column) columns.push(at.column)
    for (const column of columns.reverse()) {
      if (this.#listed.has(column)) continue
      this.#listed.add(column)
      this.valueColumns.push(column)
    }
  }
}
