import type { ByteReader } from './bytes.js'
import { badSegment } from '../record/damage.js'
import { callBits, columnType, hopBits, hopStates, idForm, maxMicros, maxValues, sizeOf } from './layout.js'

/** An attribute or key of a shape. */
export interface ValueTemplate {
  /** The number of the name. */
  readonly name: number
  readonly type: number
  /** Its number among the value columns, or -1 for a boolean. */
  readonly column: number
}

export interface EventTemplate {
  readonly name: number
  readonly attributes: readonly ValueTemplate[]
}

/** Texts are numbers of strings; where null is possible, 0 is null. */
export interface CallTemplate {
  /** See `callBits`. */
  readonly bits: number
  readonly target: number
  readonly service: number
  readonly method: number
  readonly outcome: number
  readonly via: number
  readonly otherKey: number
  /** The tail's number, or -1 when the id is in the words column. */
  readonly tail: number
  readonly served: { readonly form: number; readonly service: number; readonly address: number } | null
}

/**
 * All that records of one shape have in common. Texts are numbers of strings, so that a reader that passes over
 * records of a shape decodes none; where null is possible, 0 is null.
 */
export interface HopTemplate {
  /** See `hopBits`. If the record is in the json column, nothing else here counts. */
  readonly bits: number
  readonly trace: number
  /** Entries that were lost. */
  readonly lost: number
  readonly flags: number
  readonly method: number
  readonly route: number
  /** One more than the status; 0 for null. */
  readonly status: number
  readonly error: { readonly name: number; readonly code: number } | null
  readonly keys: readonly ValueTemplate[]
  readonly attributes: readonly ValueTemplate[]
  readonly events: readonly EventTemplate[]
  readonly next: readonly CallTemplate[]
  /** See `sizeOf`. */
  readonly size: number
}

/** Whether a bit of `hopBits` or `callBits` is set. */
export function hasBit(bits: number, bit: number): boolean {
  return ((bits >> bit) & 1) === 1
}

/** What the names of values belong to: the keys of hops, their attributes, or events with this name and those after it. */
const scopes = { keys: 0, attributes: 1, events: 2 } as const

/** Value columns in the order in which the shapes first name them: the types, at the columns' numbers. */
export class ValueColumns {
  readonly types: number[] = []
  readonly #known = new Map<number, number>()

  /** `scope`, `name`: at most `maxValues + 2`. */
  number(scope: number, name: number, type: number): number {
    const key = (scope * 4 * maxValues + name) * 8 + type
    let column = this.#known.get(key)
    if (column === undefined) {
      this.#known.set(key, (column = this.types.length))
      this.types.push(type)
    }
    return column
  }
}

/** Reads one shape: symbols in the order in which `RecordWriter` takes a record apart. */
export function readTemplate(symbols: ByteReader, columns: ValueColumns): HopTemplate {
  const bits = symbols.varint(2 ** (hopBits.json + 1) - 1)
  const trace = (bits >> hopBits.trace) & 3
  if (((bits >> hopBits.state) & 3) >= hopStates.length || trace > idForm.words)
    throw badSegment('unknown bits of a shape')
  if (hasBit(bits, hopBits.json)) return { ...jsonTemplate, bits }
  const flags = symbols.varint()
  const method = symbols.varint()
  const route = symbols.varint()
  const status = symbols.varint()
  const lost = hasBit(bits, hopBits.lost) ? symbols.varint(maxMicros) : 0
  const error = hasBit(bits, hopBits.error) ? { name: symbols.varint(), code: symbols.varint() } : null
  const keys = readKeys(symbols, columns)
  const attributes = readAttributes(symbols, columns, scopes.attributes)
  const events: EventTemplate[] = []
  let eventAttributes = 0
  for (let left = readCount(symbols); left > 0; left--) {
    const name = symbols.varint(maxValues)
    const event = { name, attributes: readAttributes(symbols, columns, scopes.events + name) }
    events.push(event)
    eventAttributes += event.attributes.length
  }
  const next: CallTemplate[] = []
  for (let left = readCount(symbols); left > 0; left--) next.push(readCall(symbols))
  const size = sizeOf({
    keys: keys.length,
    attributes: attributes.length,
    events: events.length,
    eventAttributes,
    calls: next.length,
  })
  return { bits, trace, lost, flags, method, route, status, error, keys, attributes, events, next, size }
}

const jsonTemplate: HopTemplate = {
  bits: 0,
  trace: idForm.same,
  lost: 0,
  flags: 0,
  method: 0,
  route: 0,
  status: 0,
  error: null,
  keys: [],
  attributes: [],
  events: [],
  next: [],
  size: sizeOf({ keys: 0, attributes: 0, events: 0, eventAttributes: 0, calls: 0 }),
}

/** The length of a list. Every item takes a byte or more, so a list is never longer than what is left. */
function readCount(symbols: ByteReader): number {
  return symbols.varint(symbols.left)
}

function readKeys(symbols: ByteReader, columns: ValueColumns): ValueTemplate[] {
  const keys: ValueTemplate[] = []
  for (let left = readCount(symbols); left > 0; left--) {
    const name = symbols.varint(maxValues)
    const type = columnType.text
    keys.push({ name, type, column: columns.number(scopes.keys, name, type) })
  }
  return keys
}

function readAttributes(symbols: ByteReader, columns: ValueColumns, scope: number): ValueTemplate[] {
  const attributes: ValueTemplate[] = []
  for (let left = readCount(symbols); left > 0; left--) {
    const name = symbols.varint(maxValues)
    const type = symbols.varint(columnType.true)
    const column = type > columnType.float ? -1 : columns.number(scope, name, type)
    attributes.push({ name, type, column })
  }
  return attributes
}

function readCall(symbols: ByteReader): CallTemplate {
  const bits = symbols.varint(2 ** (callBits.otherKey + 1) - 1)
  const form = (bits >> callBits.servedForm) & 3
  if (form > idForm.words) throw badSegment('unknown bits of a call')
  return {
    bits,
    target: symbols.varint(),
    service: symbols.varint(),
    method: symbols.varint(),
    outcome: symbols.varint(),
    via: hasBit(bits, callBits.via) ? symbols.varint() : 0,
    otherKey: hasBit(bits, callBits.otherKey) ? symbols.varint() : 0,
    tail: hasBit(bits, callBits.words) ? -1 : symbols.varint(),
    served: hasBit(bits, callBits.servedBy)
      ? { form, service: symbols.varint(), address: symbols.varint() }
      : null,
  }
}
