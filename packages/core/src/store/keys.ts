import { hash } from 'node:crypto'
import type { InstanceRef } from '../record/record.js'
import type { HopId } from '../id/types.js'

/**
 * The one place that knows how keys are laid out. Keys order bytewise; numbers are big endian.
 *
 * | rows | key |
 * | --- | --- |
 * | segments | `salt(1) window(8) instance(7) start(8) lane(1) maxId(10)`, in lane 1 also `batch(8)` |
 * | business keys | `f0 hash(8) invertedTime(8) HopId without its time(8)` |
 * | aliases | `f1 id(16) HopId(16)` |
 * | instances | `f2 service(8) instance(7) start(8)` |
 * | names of instances | `f3 name(8) service(8) instance(7) start(8)` |
 */

/**
 * Which lane of a window of a run: `first` is written once when the window is over, `late` takes whatever
 * comes after.
 */
export type Lane = 'first' | 'late'

/** First bytes of the rows that are no segments; salts stay below. */
export const rowPrefix = { businessKey: 0xf0, alias: 0xf1, instance: 0xf2, instanceName: 0xf3 } as const

/** Most salt buckets. */
export const maxBuckets = 128

const addressPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}):(\d{1,5})$/

const instanceBytes = 7
const windowOffset = 1
const runOffset = 9
const runBytes = instanceBytes + 8
const laneOffset = runOffset + runBytes
const maxIdOffset = laneOffset + 1
const firstLaneBytes = maxIdOffset + 10
const lateLaneBytes = firstLaneBytes + 8

/** The parts of a segment's key. */
export interface SegmentKey {
  readonly salt: number
  /** Nanoseconds since the Unix epoch at which the window starts. */
  readonly windowStartNanos: bigint
  /** Fifteen bytes, see `runKey`. */
  readonly run: Buffer
  readonly lane: Lane
  /** The first ten bytes of the segment's last id: its time and sequence, 20 hex digits. */
  readonly maxId: string
  /** The late batch; null in the first lane. */
  readonly batch: bigint | null
}

/**
 * IPv4 address, port and worker number as the first seven bytes of `key`. Throws `TypeError` when the address
 * is not `ip:port`.
 */
export function instanceKey(
  instance: Pick<InstanceRef, 'address' | 'worker'>,
  key: Buffer = Buffer.alloc(instanceBytes),
): Buffer {
  const parts = addressPattern.exec(instance.address)
  const port = Number(parts?.[5])
  let fits = port <= 65_535
  for (let i = 0; i < 4; i++) {
    const part = Number(parts?.[i + 1])
    fits &&= part <= 255
    key[i] = part
  }
  if (!fits) {
    throw new TypeError(
      `an instance's address is ip:port, for example 10.0.0.7:8080 (got ${JSON.stringify(instance.address)})`,
    )
  }
  if (!Number.isInteger(instance.worker) || instance.worker < 0 || instance.worker > 255) {
    throw new TypeError(`an instance's worker number is 0-255 (got ${instance.worker})`)
  }
  key[4] = port >> 8
  key[5] = port & 255
  key[6] = instance.worker
  return key
}

/** The seven bytes of an instance, and when its run began. */
export function runKey(run: InstanceRef): Buffer {
  const key = instanceKey(run, Buffer.alloc(runBytes))
  key.writeBigUInt64BE(run.startNanos, instanceBytes)
  return key
}

/**
 * The bucket of an instance or run: FNV-1a (32 bits) of the seven bytes of the instance, its upper half
 * folded in, modulo `buckets` (1-128).
 */
export function saltOf(key: Uint8Array, buckets: number): number {
  if (!Number.isInteger(buckets) || buckets < 1 || buckets > maxBuckets) {
    throw new TypeError(`buckets must be a whole number from 1 to ${maxBuckets} (got ${buckets})`)
  }
  let hash = 0x811c9dc5
  for (let i = 0; i < instanceBytes; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193)
  return ((hash ^ (hash >>> 16)) >>> 0) % buckets
}

/** The start of the window that contains a time. */
export function windowStart(nanos: bigint, windowNanos: bigint): bigint {
  return nanos - (nanos % windowNanos)
}

/** The time of an id: its first eight bytes. */
export function idNanos(id: string): bigint {
  return BigInt(`0x${id.slice(0, 16)}`)
}

/** A segment's key. A late one needs its batch, a first one has none. */
export function segmentKey(key: SegmentKey): Buffer {
  if ((key.lane === 'late') !== (key.batch !== null))
    throw new TypeError('a late segment has a batch, others have none')
  const bytes = Buffer.alloc(key.lane === 'late' ? lateLaneBytes : firstLaneBytes)
  bytes[0] = key.salt
  bytes.writeBigUInt64BE(key.windowStartNanos, windowOffset)
  key.run.copy(bytes, runOffset)
  bytes[laneOffset] = key.lane === 'late' ? 1 : 0
  bytes.write(key.maxId.slice(0, 20), maxIdOffset, 'hex')
  if (key.batch !== null) bytes.writeBigUInt64BE(key.batch, firstLaneBytes)
  return bytes
}

/** The parts of a segment's key; undefined when it is not one. */
export function readSegmentKey(key: Uint8Array): SegmentKey | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  const lane = bytes[laneOffset]
  if ((bytes[0] as number) >= maxBuckets || bytes.length !== (lane === 1 ? lateLaneBytes : firstLaneBytes))
    return undefined
  if (lane !== 0 && lane !== 1) return undefined
  return {
    salt: bytes[0] as number,
    windowStartNanos: bytes.readBigUInt64BE(windowOffset),
    run: bytes.subarray(runOffset, laneOffset),
    lane: lane === 1 ? 'late' : 'first',
    maxId: bytes.toString('hex', maxIdOffset, firstLaneBytes),
    batch: lane === 1 ? bytes.readBigUInt64BE(firstLaneBytes) : null,
  }
}

/** A range of keys for each lane. */
export type Lanes = Readonly<Record<Lane, { readonly from: Buffer; readonly to: Buffer }>>

/** The ranges of the lanes of a window and run from the first segment that may hold `fromId`. */
export function laneRanges(salt: number, windowStartNanos: bigint, run: Buffer, fromId: string): Lanes {
  const key = segmentKey({ salt, windowStartNanos, run, lane: 'first', maxId: fromId, batch: null })
  const range = (lane: number): { from: Buffer; to: Buffer } => {
    const from = Buffer.from(key)
    const to = Buffer.from(key.subarray(0, maxIdOffset))
    from[laneOffset] = lane
    to[laneOffset] = lane + 1
    return { from, to }
  }
  return { first: range(0), late: range(1) }
}

/** The range of all segments of a bucket whose windows start in `[fromNanos, toNanos)`. */
export function windowRange(salt: number, fromNanos: bigint, toNanos: bigint): { from: Buffer; to: Buffer } {
  return { from: windowPrefix(salt, fromNanos), to: windowPrefix(salt, toNanos) }
}

function windowPrefix(salt: number, nanos: bigint): Buffer {
  const prefix = Buffer.alloc(runOffset)
  prefix[0] = salt
  prefix.writeBigUInt64BE(nanos, windowOffset)
  return prefix
}

/** A business key as one text: `name=value`, where a `=` or `\\` in the name is preceded by a `\\`. */
export function businessKeyText(name: string, value: string): string {
  return `${name.replace(/[\\=]/g, '\\$&')}=${value}`
}

/** The first eight bytes of the SHA-256 of a business key's text in UTF-8. */
export function businessKeyHash(text: string): Buffer {
  return textHash(text)
}

/** The row key of a business key of one hop; later hops come first. */
export function businessKey(keyHash: Uint8Array, id: HopId): Buffer {
  const key = Buffer.alloc(25)
  key[0] = rowPrefix.businessKey
  key.set(keyHash, 1)
  key.write(id, 9, 'hex')
  for (let i = 9; i < 17; i++) key[i] = ~(key[i] as number)
  return key
}

/** The HopId in a business key's row key; undefined when it is not one. */
export function readBusinessKey(key: Uint8Array): HopId | undefined {
  if (key.length !== 25 || key[0] !== rowPrefix.businessKey) return undefined
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  const nanos = invert(bytes.readBigUInt64BE(9)).toString(16).padStart(16, '0')
  return (nanos + bytes.toString('hex', 17)) as HopId
}

/** The rows of a business key, newest first, of hops before `beforeNanos`. */
export function businessKeyRange(
  keyHash: Uint8Array,
  beforeNanos: bigint = 2n ** 64n,
): { from: Buffer; to: Buffer } {
  const from = Buffer.alloc(17)
  from[0] = rowPrefix.businessKey
  from.set(keyHash, 1)
  const to = after(from.subarray(0, 9))
  if (beforeNanos <= 0n) return { from: to, to }
  const latest = beforeNanos < 2n ** 64n ? beforeNanos - 1n : 2n ** 64n - 1n
  from.writeBigUInt64BE(invert(latest), 9)
  return { from, to }
}

/** The row key of an alias: an id that is not the hop's own but leads to it. */
export function aliasKey(alias: string, id: HopId): Buffer {
  return Buffer.concat([Buffer.from([rowPrefix.alias]), Buffer.from(alias, 'hex'), Buffer.from(id, 'hex')])
}

/** The rows of an alias. */
export function aliasRange(alias: string): { from: Buffer; to: Buffer } {
  const from = Buffer.concat([Buffer.from([rowPrefix.alias]), Buffer.from(alias, 'hex')])
  return { from, to: after(from) }
}

/** The HopId in an alias's row key; undefined when it is not one. */
export function readAliasKey(key: Uint8Array): HopId | undefined {
  if (key.length !== 33 || key[0] !== rowPrefix.alias) return undefined
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex', 17) as HopId
}

const textHashBytes = 8

/** What stands for a text of any length in a key: the first eight bytes of its SHA-256, in UTF-8. */
function textHash(text: string): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, textHashBytes)
}

/** What stands for a service in the keys of its instances. */
export function serviceHash(service: string): Buffer {
  return textHash(service)
}

/** A run of a service. */
export type ServiceRun = InstanceRef & { readonly service: string }

/** The row key of one run of one instance. The runs of a service follow each other. */
export function instanceRowKey(run: ServiceRun): Buffer {
  return Buffer.concat([Buffer.from([rowPrefix.instance]), serviceHash(run.service), runKey(run)])
}

/** The rows of all instances. */
export function instanceRange(): { from: Buffer; to: Buffer } {
  return { from: Buffer.from([rowPrefix.instance]), to: Buffer.from([rowPrefix.instance + 1]) }
}

/** The rows of all instances of a service. */
export function serviceRange(service: Uint8Array): { from: Buffer; to: Buffer } {
  const from = Buffer.concat([Buffer.from([rowPrefix.instance]), service])
  return { from, to: after(from) }
}

/** The row keys that lead from names to a run of a service. */
export function instanceNameKeys(names: Iterable<string>, run: ServiceRun): Buffer[] {
  const place = Buffer.concat([serviceHash(run.service), runKey(run)])
  return Array.from(names, (name) => Buffer.concat([instanceNamePrefix(name), place]))
}

/** The rows of a name whose services come after this one; all of them if it is left out. */
export function instanceNameRange(name: string, service?: Uint8Array): { from: Buffer; to: Buffer } {
  const prefix = instanceNamePrefix(name)
  const from = service === undefined ? prefix : after(Buffer.concat([prefix, service]))
  return { from, to: after(prefix) }
}

/** The service in the row key of an instance's name. */
export function readNamedService(key: Uint8Array): Buffer {
  const start = 1 + textHashBytes
  return Buffer.from(key.subarray(start, start + textHashBytes))
}

function instanceNamePrefix(name: string): Buffer {
  return Buffer.concat([Buffer.from([rowPrefix.instanceName]), textHash(name)])
}

/** The key that follows a key directly. */
export function nextKey(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)])
}

/** The first key after all that begin with `prefix`, which has a byte other than ff. */
function after(prefix: Uint8Array): Buffer {
  const next = Buffer.from(prefix)
  let last = next.length - 1
  while (next[last] === 255) last--
  next[last] = (next[last] as number) + 1
  return next.subarray(0, last + 1)
}

function invert(nanos: bigint): bigint {
  return 2n ** 64n - 1n - nanos
}
