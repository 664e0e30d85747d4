import type { HopState } from '../record/record.js'
import type { ByteReader } from './bytes.js'
import { badSegment } from '../record/damage.js'
import type { Strings } from './strings.js'
import { callBits, hopBits, hopStates, idForm, maxMicros, sizeOf, columnType } from './layout.js'

/** An attribute or key of a shape; `column` is its number among the value columns, or -1 for a boolean. */
export interface ValueTemplate {
  readonly name: string
  readonly type: number
  readonly column: number
}

export interface EventTemplate {
  readonly name: string
  readonly attributes: readonly ValueTemplate[]
}

export interface CallTemplate {
  readonly target: string
  readonly service: string | null
  readonly method: string | null
  readonly outcome: string | null
  readonly duration: boolean
  readonly gap: boolean
  /** The tail's number, or -1 when the id is in the words column. */
  readonly tail: number
  readonly via: string | null
  readonly otherKey: string | null
  readonly served: { readonly form: number; readonly service: string; readonly address: string } | null
}

/** All that records of one shape have in common. */
export interface HopTemplate {
  /** The record is in the json column, and nothing else here counts. */
  readonly json: boolean
  readonly state: HopState
  readonly aborted: boolean
  readonly duration: boolean
  readonly durationRest: boolean
  readonly trace: number
  readonly assignedId: boolean
  readonly parentSpan: boolean
  readonly link: boolean
  readonly crash: boolean
  readonly shed: boolean
  /** Entries that were lost. */
  readonly lost: number
  readonly flags: number
  readonly method: string | null
  readonly route: string | null
  readonly status: number | null
  readonly error: { readonly name: string; readonly code: string | null } | null
  readonly keys: readonly ValueTemplate[]
  readonly attributes: readonly ValueTemplate[]
  readonly events: readonly EventTemplate[]
  readonly next: readonly CallTemplate[]
  /** See `sizeOf`. */
  readonly size: number
}

/** Value columns in the order in which the shapes first name them: the types, at the columns' numbers. */
export class ValueColumns {
  readonly types: number[] = []
  readonly #known = new Map<string, number>()

  number(scope: string, name: number, type: number): number {
    const key = `${scope} ${name} ${type}`
    let column = this.#known.get(key)
    if (column === undefined) {
      this.#known.set(key, (column = this.types.length))
      this.types.push(type)
    }
    return column
  }
}

/** Reads one shape: symbols in the order in which `RecordWriter` takes a record apart. */
export function readTemplate(symbols: ByteReader, strings: Strings, columns: ValueColumns): HopTemplate {
  const textAt = (code: number): string => strings.at(code)
  const textOrNull = (): string | null => {
    const code = symbols.varint()
    return code === 0 ? null : textAt(code)
  }
  const text = (): string => textAt(symbols.varint())
  const list = <T>(read: () => T): T[] => {
    // Every item takes a byte or more, so a list is never longer than what is left.
    const length = symbols.varint(symbols.left)
    return Array.from({ length }, read)
  }
  const attributes = (scope: string): ValueTemplate[] =>
    list(() => {
      const name = symbols.varint()
      const type = symbols.varint(columnType.true)
      return {
        name: textAt(name),
        type,
        column: type > columnType.float ? -1 : columns.number(scope, name, type),
      }
    })
  const bits = symbols.varint(2 ** (hopBits.json + 1) - 1)
  const has = (bit: number): boolean => ((bits >> bit) & 1) === 1
  const json = has(hopBits.json)
  const state = hopStates[(bits >> hopBits.state) & 3]
  const trace = (bits >> hopBits.trace) & 3
  if (state === undefined || trace > idForm.words) throw badSegment('unknown bits of a shape')
  const field = <T>(read: () => T, otherwise: T): T => (json ? otherwise : read())
  const flags = field(() => symbols.varint(), 0)
  const method = field(textOrNull, null)
  const route = field(textOrNull, null)
  const status = field(() => symbols.varint(), 0)
  const lost = field(() => (has(hopBits.lost) ? symbols.varint(maxMicros) : 0), 0)
  const error = has(hopBits.error) ? { name: text(), code: textOrNull() } : null
  const keys = field<ValueTemplate[]>(
    () =>
      list(() => {
        const name = symbols.varint()
        return {
          name: textAt(name),
          type: columnType.text,
          column: columns.number('k', name, columnType.text),
        }
      }),
    [],
  )
  const own = field<ValueTemplate[]>(() => attributes('a'), [])
  const events = field<EventTemplate[]>(
    () =>
      list(() => {
        const name = symbols.varint()
        return { name: textAt(name), attributes: attributes(`e${name}`) }
      }),
    [],
  )
  const next = field<CallTemplate[]>(() => list(() => readCall(symbols, text, textOrNull)), [])
  const size = sizeOf({
    keys: keys.length,
    attributes: own.length,
    events: events.length,
    eventAttributes: events.reduce((sum, event) => sum + event.attributes.length, 0),
    calls: next.length,
  })
  return {
    json,
    state,
    aborted: has(hopBits.aborted),
    duration: has(hopBits.duration),
    durationRest: has(hopBits.durationRest),
    trace,
    assignedId: has(hopBits.assignedId),
    parentSpan: has(hopBits.parentSpan),
    link: has(hopBits.link),
    crash: has(hopBits.crash),
    shed: has(hopBits.shed),
    lost,
    flags,
    method,
    route,
    status: status === 0 ? null : status - 1,
    error,
    keys,
    attributes: own,
    events,
    next,
    size,
  }
}

function readCall(symbols: ByteReader, text: () => string, textOrNull: () => string | null): CallTemplate {
  const bits = symbols.varint(2 ** (callBits.otherKey + 1) - 1)
  const has = (bit: number): boolean => ((bits >> bit) & 1) === 1
  const form = (bits >> callBits.servedForm) & 3
  if (form > idForm.words) throw badSegment('unknown bits of a call')
  return {
    duration: has(callBits.duration),
    gap: has(callBits.gap),
    target: text(),
    service: textOrNull(),
    method: textOrNull(),
    outcome: textOrNull(),
    via: has(callBits.via) ? text() : null,
    otherKey: has(callBits.otherKey) ? text() : null,
    tail: has(callBits.words) ? -1 : symbols.varint(),
    served: has(callBits.servedBy) ? { form, service: text(), address: text() } : null,
  }
}
