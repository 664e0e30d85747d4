import { crc32 } from 'node:zlib'

/** How far a writer is. It is written after what it counts is on disk. */
export interface Head {
  /** Grows with every head that the writer writes. */
  readonly counter: number
  /** Generation of the manifest. */
  readonly generation: number
  /** Number of the append file. */
  readonly append: number
  /** Bytes of the append file that count. */
  readonly size: number
  /** Checksum of the append file up to there. */
  readonly chain: number
}

const magic = 0x48544831
const slotBytes = 48
const slotStep = 512

/** Bytes of a head file: two slots in separate sectors, written in turn, so that one is always whole. */
export const headBytes = 2 * slotStep

/** A head as it is written: the bytes, and where they go. */
export function writeHead(writer: string, head: Head): { bytes: Buffer; offset: number } {
  const bytes = Buffer.alloc(slotBytes)
  bytes.writeUInt32BE(magic, 0)
  bytes.writeBigUInt64BE(BigInt(head.counter), 4)
  bytes.writeBigUInt64BE(BigInt(head.generation), 12)
  bytes.writeBigUInt64BE(BigInt(head.append), 20)
  bytes.writeBigUInt64BE(BigInt(head.size), 28)
  bytes.writeUInt32BE(head.chain, 36)
  bytes.writeUInt32BE(checksum(writer, bytes), 44)
  return { bytes, offset: (head.counter % 2) * slotStep }
}

/** The newest whole head of a head file; undefined when neither is whole. */
export function readHead(writer: string, bytes: Buffer): Head | undefined {
  const slots = [readSlot(writer, bytes, 0), readSlot(writer, bytes, slotStep)]
  return slots.reduce((a, b) => (a === undefined || (b !== undefined && b.counter > a.counter) ? b : a))
}

function readSlot(writer: string, bytes: Buffer, offset: number): Head | undefined {
  if (bytes.length < offset + slotBytes) return undefined
  const slot = bytes.subarray(offset, offset + slotBytes)
  if (slot.readUInt32BE(0) !== magic || slot.readUInt32BE(44) !== checksum(writer, slot)) return undefined
  const head = {
    counter: Number(slot.readBigUInt64BE(4)),
    generation: Number(slot.readBigUInt64BE(12)),
    append: Number(slot.readBigUInt64BE(20)),
    size: Number(slot.readBigUInt64BE(28)),
    chain: slot.readUInt32BE(36),
  }
  return (head.counter % 2) * slotStep === offset ? head : undefined
}

function checksum(writer: string, slot: Buffer): number {
  return crc32(slot.subarray(0, 44), crc32(writer))
}
