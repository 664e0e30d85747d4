import { crc32 } from 'node:zlib'
import type { InstanceRef } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { badSegment } from '../record/damage.js'
import { maxRecords, maxSegmentBytes, segmentVersion } from './layout.js'

/** What a segment says of itself before anything is decoded. */
export interface SegmentHead {
  readonly minId: HopId
  readonly maxId: HopId
  /** Records. */
  readonly count: number
  readonly service: string
  readonly instance: InstanceRef
}

const magic = Buffer.from([0x48, 0x54, 0x53, segmentVersion])
const fixedBytes = 56

/** The head of a segment, its checksum still zero. */
export function writeHead(head: SegmentHead): Buffer {
  const address = Buffer.from(head.instance.address, 'utf8')
  const service = Buffer.from(head.service, 'utf8')
  if (address.length > 255 || service.length > 255)
    throw new TypeError('service and address have at most 255 bytes')
  const bytes = Buffer.alloc(fixedBytes + address.length + service.length)
  magic.copy(bytes)
  bytes.write(head.minId, 8, 'hex')
  bytes.write(head.maxId, 24, 'hex')
  bytes.writeUInt32BE(head.count, 40)
  bytes.writeBigUInt64BE(head.instance.startNanos, 44)
  bytes.writeUInt16BE(head.instance.worker, 52)
  bytes[54] = address.length
  bytes[55] = service.length
  address.copy(bytes, fixedBytes)
  service.copy(bytes, fixedBytes + address.length)
  return bytes
}

/** Puts the checksum of the rest into a complete segment. */
export function seal(segment: Buffer): void {
  segment.writeUInt32BE(crc32(segment.subarray(8)), 4)
}

/** A segment whose checksum is verified. */
export interface OpenedSegment {
  readonly head: SegmentHead
  /** Where the body begins. */
  readonly end: number
  readonly bytes: Buffer
}

/** Verifies a segment's checksum and reads its head. */
export function openHead(value: Uint8Array): OpenedSegment {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (bytes.length < fixedBytes || bytes.length > maxSegmentBytes)
    throw badSegment(`it has ${bytes.length} bytes`)
  if (bytes.compare(magic, 0, 4, 0, 4) !== 0) throw badSegment('it does not begin as one')
  if (bytes.readUInt32BE(4) !== crc32(bytes.subarray(8))) throw badSegment('its checksum differs')
  const addressEnd = fixedBytes + (bytes[54] as number)
  const end = addressEnd + (bytes[55] as number)
  if (end > bytes.length) throw badSegment('its head ends too early')
  const count = bytes.readUInt32BE(40)
  if (count === 0 || count > maxRecords) throw badSegment(`it claims ${count} records`)
  const head: SegmentHead = {
    minId: bytes.toString('hex', 8, 24) as HopId,
    maxId: bytes.toString('hex', 24, 40) as HopId,
    count,
    service: bytes.toString('utf8', addressEnd, end),
    instance: {
      address: bytes.toString('utf8', fixedBytes, addressEnd),
      worker: bytes.readUInt16BE(52),
      startNanos: bytes.readBigUInt64BE(44),
    },
  }
  if (head.minId > head.maxId) throw badSegment('its ids are out of order')
  return { head, end, bytes }
}

/**
 * Whose records a segment holds, how many, and from which id to which. Nothing is decoded; the checksum is
 * verified.
 */
export function readSegmentHead(value: Uint8Array): SegmentHead {
  return openHead(value).head
}
