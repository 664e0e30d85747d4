import { crc32 } from 'node:zlib'
import { frameSeed } from './pattern.js'
import { frameHeaderBytes, maxPayloadBytes, sync0, sync1 } from './format.js'

/** Results for a place without an intact frame: the beginning of a frame, or something else. */
export const incomplete = 0
export const broken = -1

/** The maximum size of a frame. */
export const maxFrameBytes = frameHeaderBytes + maxPayloadBytes

/** How many bytes all searches may checksum: a file full of false frames cannot keep its reader busy. */
export interface SearchBudget {
  bytes: number
}

/** The place of bytes in a file: they begin at `offset` of a file with this seed. */
export interface FramePlace {
  readonly seed: number
  readonly offset: number
}

/** The length of the frame at `at`, or {@link incomplete}, or {@link broken}. */
export function frameAt(bytes: Buffer, at: number, end: number, { seed, offset }: FramePlace): number {
  if (at + frameHeaderBytes > end) return isPrefix(bytes, at, end) ? incomplete : broken
  if (bytes[at] !== sync0 || bytes[at + 1] !== sync1) return broken
  const length = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)
  const from = at + frameHeaderBytes
  if (length === 0) return broken
  if (from + length > end) return incomplete
  return crc32(bytes.subarray(from, from + length), frameSeed(seed, offset + at, length)) ===
    bytes.readUInt32LE(at + 4)
    ? frameHeaderBytes + length
    : broken
}

function isPrefix(bytes: Buffer, at: number, end: number): boolean {
  return (at >= end || bytes[at] === sync0) && (at + 1 >= end || bytes[at + 1] === sync1)
}

/** The start of the next intact frame after `at`; -1 if there is none, or if the budget is used up. */
export function findFrame(
  bytes: Buffer,
  at: number,
  end: number,
  place: FramePlace,
  budget: SearchBudget,
): number {
  for (let from = at + 1; from + frameHeaderBytes < end; from++) {
    from = bytes.indexOf(sync0, from)
    if (from === -1 || from + frameHeaderBytes >= end) return -1
    if (bytes[from + 1] !== sync1) continue
    budget.bytes -= (bytes[from + 2] as number) | ((bytes[from + 3] as number) << 8)
    if (budget.bytes < 0) return -1
    if (frameAt(bytes, from, end, place) > 0) return from
  }
  return -1
}
