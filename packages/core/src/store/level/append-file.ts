import { crc32 } from 'node:zlib'
import type { StoredRow } from './stored-row.js'

/**
 * An append file is a sequence of frames, one for each put: `bytes(4) checksum(4) stamp(8) rows(4)`, then
 * each row: `deleted(1) keyBytes(2) valueBytes(4) key value`. `bytes` is the length after the checksum. A
 * checksum continues from that of the previous frame, the first from the file's nonce and number. So a frame
 * is valid only at its own place.
 */
const frameHead = 8
const bodyHead = 12
const rowHead = 7

/** Most bytes of one frame: rows of more than one put of the largest size. */
const maxFrameBytes = 256 << 20

/** Where the checksums of an append file begin. */
export function chainStart(number: number, nonce: number): number {
  return crc32(`${number} ${nonce}`)
}

/** One frame, and the checksum that the next frame continues from. */
export function writeFrame(
  rows: readonly StoredRow[],
  stamp: number,
  chain: number,
): { bytes: Buffer; chain: number } {
  let length = frameHead + bodyHead
  for (const { key, value } of rows) length += rowHead + key.length + (value?.length ?? 0)
  const bytes = Buffer.allocUnsafe(length)
  bytes.writeUInt32BE(length - frameHead, 0)
  bytes.writeBigUInt64BE(BigInt(stamp), 8)
  bytes.writeUInt32BE(rows.length, 16)
  let at = frameHead + bodyHead
  for (const { key, value } of rows) {
    bytes[at] = value === null ? 1 : 0
    bytes.writeUInt16BE(key.length, at + 1)
    bytes.writeUInt32BE(value?.length ?? 0, at + 3)
    bytes.set(key, at + rowHead)
    if (value !== null) bytes.set(value, at + rowHead + key.length)
    at += rowHead + key.length + (value?.length ?? 0)
  }
  const next = checksum(bytes, chain)
  bytes.writeUInt32BE(next, 4)
  return { bytes, chain: next }
}

/** A frame that was read: its rows by key, and where the next one begins. */
export interface Frame {
  readonly rows: StoredRow[]
  readonly stamp: number
  readonly end: number
  readonly chain: number
}

/** The frame at an offset of these bytes; undefined when none that fits is there. */
export function readFrame(bytes: Buffer, at: number, chain: number): Frame | undefined {
  if (at + frameHead + bodyHead > bytes.length) return undefined
  const length = bytes.readUInt32BE(at)
  const end = at + frameHead + length
  if (length < bodyHead || length > maxFrameBytes || end > bytes.length) return undefined
  const next = checksum(bytes.subarray(at, end), chain)
  if (next !== bytes.readUInt32BE(at + 4)) return undefined
  const stamp = Number(bytes.readBigUInt64BE(at + 8))
  const rows: StoredRow[] = []
  let row = at + frameHead + bodyHead
  for (let left = bytes.readUInt32BE(at + 16); left > 0; left--) {
    const keyEnd = row + rowHead + bytes.readUInt16BE(row + 1)
    const valueEnd = keyEnd + bytes.readUInt32BE(row + 3)
    const key = bytes.subarray(row + rowHead, keyEnd)
    rows.push({ key, stamp, value: bytes[row] === 1 ? null : bytes.subarray(keyEnd, valueEnd) })
    row = valueEnd
  }
  return { rows, stamp, end, chain: next }
}

function checksum(frame: Buffer, chain: number): number {
  return crc32(frame.subarray(frameHead), crc32(frame.subarray(0, 4), chain))
}
