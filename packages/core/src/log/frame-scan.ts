import { crc32 } from 'node:zlib'
import { frameHeaderBytes, maxPayloadBytes, sync0, sync1 } from './format.js'

/** What stands at a place: an intact frame of so many bytes, the beginning of one, or neither. */
export const incomplete = 0
export const broken = -1

/** No frame is longer. */
export const maxFrameBytes = frameHeaderBytes + maxPayloadBytes

/** Bytes that one search may checksum: a file made to look like frames everywhere cannot keep its reader busy. */
const maxSearchBytes = 64 << 20

/** The length of the frame at `at`, or {@link incomplete}, or {@link broken}. */
export function frameAt(bytes: Buffer, at: number, end: number): number {
  if (at + frameHeaderBytes > end) return isPrefix(bytes, at, end) ? incomplete : broken
  if (bytes[at] !== sync0 || bytes[at + 1] !== sync1) return broken
  const length = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)
  const from = at + frameHeaderBytes
  if (length === 0) return broken
  if (from + length > end) return incomplete
  return crc32(bytes.subarray(from, from + length), length) === bytes.readUInt32LE(at + 4)
    ? frameHeaderBytes + length
    : broken
}

function isPrefix(bytes: Buffer, at: number, end: number): boolean {
  return (at >= end || bytes[at] === sync0) && (at + 1 >= end || bytes[at + 1] === sync1)
}

/** Where the next intact frame begins after `at`, or -1. */
export function findFrame(bytes: Buffer, at: number, end: number): number {
  let searched = 0
  for (let from = at + 1; from + frameHeaderBytes < end; from++) {
    from = bytes.indexOf(sync0, from)
    if (from === -1 || from + frameHeaderBytes >= end) return -1
    if (bytes[from + 1] !== sync1) continue
    searched += (bytes[from + 2] as number) | ((bytes[from + 3] as number) << 8)
    if (searched > maxSearchBytes) return -1
    if (frameAt(bytes, from, end) > 0) return from
  }
  return -1
}
