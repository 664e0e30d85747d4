import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/**
 * Protocol buffer messages, described by values and typed by inference. Supports only what HBase's messages
 * need: scalars, enums (as numbers), nested and repeated messages, and packed or unpacked repeated numbers.
 * There are no maps, groups or oneofs.
 */

interface Scalars {
  readonly bytes: Uint8Array
  readonly string: string
  readonly bool: boolean
  readonly int32: number
  readonly uint32: number
  readonly int64: bigint
  readonly uint64: bigint
}
type ScalarKind = keyof Scalars

/**
 * One field: its published number, and the kind of its value. `Value` is the decoded type, `Init` the type to
 * encode.
 */
export interface Field<Value, Init = Value> {
  readonly number: number
  readonly kind: ScalarKind | 'message'
  readonly repeated: boolean
  readonly message?: Message
  /** Only for types; no field has it. */
  readonly types?: { readonly value: Value; readonly init: Init }
}

type Fields = Readonly<Record<string, Field<unknown>>>

/** A message: its published name, and its fields by their names in this client. */
export interface Message<F extends Fields = Fields> {
  readonly name: string
  readonly fields: F
}

/** The result of `decode`. An unset field has its empty value, which is not an own property. */
export type Decoded<M> =
  M extends Message<infer F>
    ? { readonly [K in keyof F]: F[K] extends Field<infer Value, infer _> ? Value : never }
    : never

/** The input of `encode`: any of the fields. `undefined` is the same as leaving a field out. */
export type Init<M> =
  M extends Message<infer F>
    ? { readonly [K in keyof F]?: (F[K] extends Field<infer _, infer I> ? I : never) | undefined }
    : never

/** Describes a message. */
export function message<F extends Fields>(name: string, fields: F): Message<F> {
  return { name, fields }
}

/** A field with one value. */
export function scalar<K extends ScalarKind>(number: number, kind: K): Field<Scalars[K]> {
  return { number, kind, repeated: false }
}

/** A field with any number of values. */
export function scalars<K extends ScalarKind>(number: number, kind: K): Field<readonly Scalars[K][]> {
  return { number, kind, repeated: true }
}

/** A field with a number of an enum; `E` is the union of its numbers. */
export function enumOf<E extends number>(number: number): Field<E> {
  return { number, kind: 'int32', repeated: false }
}

/** A field with one message; undefined if it was not sent. */
export function one<M extends Message>(number: number, of: M): Field<Decoded<M> | undefined, Init<M>> {
  return { number, kind: 'message', repeated: false, message: of }
}

/** A field with any number of messages. */
export function many<M extends Message>(
  number: number,
  of: M,
): Field<readonly Decoded<M>[], readonly Init<M>[]> {
  return { number, kind: 'message', repeated: true, message: of }
}

/** A larger message does not leave its buffer to the next ones. */
const keptBytes = 4096

/** Writes one message after the other: a writer grows its buffer in steps, and copies it with each. */
let writer: BinaryWriter | undefined

/** The bytes of a message. */
export function encode<M extends Message>(type: M, value: Init<M>): Uint8Array<ArrayBuffer> {
  const mine = writer ?? new BinaryWriter()
  // A message that cannot be written leaves a part of itself.
  writer = undefined
  writeFields(mine, type, value)
  const bytes = mine.finish()
  if (bytes.length <= keptBytes) writer = mine
  return bytes
}

/** The bytes of a message, preceded by their length. */
export function encodeDelimited<M extends Message>(type: M, value: Init<M>): Uint8Array<ArrayBuffer> {
  return new BinaryWriter().bytes(encode(type, value)).finish()
}

function writeFields(writer: BinaryWriter, type: Message, value: Readonly<Record<string, unknown>>): void {
  for (const name in type.fields) {
    const given = value[name]
    if (given === undefined) continue
    const field = type.fields[name] as Field<unknown>
    if (!field.repeated) writeOne(writer, field, given)
    else for (const item of given as readonly unknown[]) writeOne(writer, field, item)
  }
}

function writeOne(writer: BinaryWriter, { number, kind, message: of }: Field<unknown>, value: unknown): void {
  if (kind === 'message') {
    writer.tag(number, WireType.LengthDelimited).fork()
    writeFields(writer, of as Message, value as Readonly<Record<string, unknown>>)
    writer.join()
    return
  }
  const delimited = kind === 'bytes' || kind === 'string'
  writer.tag(number, delimited ? WireType.LengthDelimited : WireType.Varint)
  switch (kind) {
    case 'bytes':
      return void writer.bytes(value as Uint8Array)
    case 'string':
      return void writer.string(value as string)
    case 'bool':
      return void writer.bool(value as boolean)
    case 'int32':
      return void writer.int32(value as number)
    case 'uint32':
      return void writer.uint32(value as number)
    case 'int64':
      return void writer.int64(value as bigint)
    case 'uint64':
      return void writer.uint64(value as bigint)
  }
}

interface Plan {
  readonly byNumber: ReadonlyMap<number, readonly [name: string, field: Field<unknown>]>
  /** The empty value of each field: the prototype of a decoded message. */
  readonly empty: object
}

const plans = new WeakMap<Message, Plan>()

function planOf(type: Message): Plan {
  const known = plans.get(type)
  if (known !== undefined) return known
  const entries = Object.entries(type.fields)
  const made: Plan = {
    byNumber: new Map(entries.map(([name, field]) => [field.number, [name, field] as const])),
    empty: Object.fromEntries(entries.map(([name, field]) => [name, emptyValue(field)])),
  }
  plans.set(type, made)
  return made
}

const noItems: readonly never[] = Object.freeze([])
const noBytes = new Uint8Array()

function emptyValue({ kind, repeated }: Field<unknown>): unknown {
  if (repeated) return noItems
  switch (kind) {
    case 'message':
      return undefined
    case 'bytes':
      return noBytes
    case 'string':
      return ''
    case 'bool':
      return false
    case 'int64':
    case 'uint64':
      return 0n
    default:
      return 0
  }
}

/**
 * Reads a message. Skips unknown fields. Throws for bytes that are no message, and for a field of
 * the wrong wire type.
 */
export function decode<M extends Message>(type: M, bytes: Uint8Array): Decoded<M> {
  return readFields(new BinaryReader(bytes), type, bytes.length) as Decoded<M>
}

/** Whether a field of a decoded message was sent, even with its empty value. */
export function isSent<T extends object>(decoded: T, name: keyof T): boolean {
  return Object.hasOwn(decoded, name)
}

function readFields(reader: BinaryReader, type: Message, length: number): object {
  const { byNumber, empty } = planOf(type)
  const decoded = Object.create(empty) as Record<string, unknown>
  const end = reader.pos + length
  while (reader.pos < end) {
    const [number, wire] = reader.tag()
    const described = byNumber.get(number)
    if (described === undefined) {
      reader.skip(wire, number)
      continue
    }
    const [name, field] = described
    if (!field.repeated) {
      decoded[name] = readOne(reader, field, wire)
      continue
    }
    const items = (Object.hasOwn(decoded, name) ? decoded[name] : (decoded[name] = [])) as unknown[]
    const packed = wire === WireType.LengthDelimited && wireOf(field) === WireType.Varint
    if (!packed) items.push(readOne(reader, field, wire))
    else
      for (const last = reader.uint32() + reader.pos; reader.pos < last;)
        items.push(readOne(reader, field, WireType.Varint))
  }
  if (reader.pos !== end) throw new RangeError(`${type.name} is longer than its bytes`)
  return decoded
}

function readOne(reader: BinaryReader, field: Field<unknown>, wire: WireType): unknown {
  if (wire !== wireOf(field)) throw new RangeError(`field ${field.number} has wire type ${wire}`)
  switch (field.kind) {
    case 'message':
      return readFields(reader, field.message as Message, reader.uint32())
    case 'bytes':
      return reader.bytes()
    case 'string':
      return reader.string()
    case 'bool':
      return reader.bool()
    case 'int32':
      return reader.int32()
    case 'uint32':
      return reader.uint32()
    case 'int64':
      return BigInt(reader.int64())
    case 'uint64':
      return BigInt(reader.uint64())
  }
}

function wireOf({ kind }: Field<unknown>): WireType {
  return kind === 'message' || kind === 'bytes' || kind === 'string'
    ? WireType.LengthDelimited
    : WireType.Varint
}
