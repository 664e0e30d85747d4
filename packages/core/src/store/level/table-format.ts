import { crc32 } from 'node:zlib'

/**
 * A table holds rows in order. It is written once:
 *
 * | bytes | |
 * | --- | --- |
 * | blocks | rows: varints `shared`, `own`, `value + 1` (0: deleted), `age`; the key but for the bytes that it shares with the key before; the value |
 * | index | for each block: `bytes(2)` and first key, `bytes(2)` and last key, `offset(6) length(4) checksum(4)` |
 * | footer | `magic(4) nonce(4) index offset(8) index bytes(4) index checksum(4) rows(8) stamp(8) checksum(4)` |
 *
 * `age` is how many microseconds a row is older than the footer's stamp.
 */
export const footerBytes = 44

/** A block ends when it reaches this size. A larger row gets a separate block. */
export const blockBytes = 8192

const magic = 0x48545431

export interface Footer {
  readonly nonce: number
  readonly indexOffset: number
  readonly indexBytes: number
  readonly indexChecksum: number
  readonly rows: number
  /** Latest stamp of a row. */
  readonly stamp: number
}

/** The footer and its checksum, by which the manifest knows the table. `owner` names writer and number. */
export function writeFooter(owner: string, footer: Footer): { bytes: Buffer; checksum: number } {
  const bytes = Buffer.alloc(footerBytes)
  bytes.writeUInt32BE(magic, 0)
  bytes.writeUInt32BE(footer.nonce, 4)
  bytes.writeBigUInt64BE(BigInt(footer.indexOffset), 8)
  bytes.writeUInt32BE(footer.indexBytes, 16)
  bytes.writeUInt32BE(footer.indexChecksum, 20)
  bytes.writeBigUInt64BE(BigInt(footer.rows), 24)
  bytes.writeBigUInt64BE(BigInt(footer.stamp), 32)
  const checksum = checksumOf(owner, bytes)
  bytes.writeUInt32BE(checksum, 40)
  return { bytes, checksum }
}

/** Undefined when it is not the footer with this checksum. */
export function readFooter(owner: string, bytes: Buffer, checksum: number): Footer | undefined {
  if (bytes.length !== footerBytes || bytes.readUInt32BE(0) !== magic) return undefined
  if (bytes.readUInt32BE(40) !== checksum || checksumOf(owner, bytes) !== checksum) return undefined
  return {
    nonce: bytes.readUInt32BE(4),
    indexOffset: Number(bytes.readBigUInt64BE(8)),
    indexBytes: bytes.readUInt32BE(16),
    indexChecksum: bytes.readUInt32BE(20),
    rows: Number(bytes.readBigUInt64BE(24)),
    stamp: Number(bytes.readBigUInt64BE(32)),
  }
}

/** The checksum of a block: no block fits into another place or table. */
export function blockChecksum(block: Uint8Array, nonce: number, offset: number): number {
  return crc32(block, crc32(`${nonce} ${offset}`))
}

function checksumOf(owner: string, footer: Buffer): number {
  return crc32(footer.subarray(0, 40), crc32(owner))
}

/** Names a table in checksums. */
export function tableOwner(writer: string, number: number): string {
  return `${writer} ${number}`
}
