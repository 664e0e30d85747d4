import { crc32 } from 'node:zlib'
import { closeSync, isMissing, openFileSync, readFileSync, writeAllSync } from '../files/index.js'
import type { DroppedRange } from '../record/instance-row.js'
import { runFile } from '../rundir/index.js'

/** In the directory of a run, next to its log. */
const name = 'log.lost'
const magic = 0x686f_7031
const bodyBytes = 28
const fileBytes = bodyBytes + 4

/**
 * The range of the hops that a run dropped and that its log does not name yet, in a small file that is made while the disk has room. Its bytes
 * are overwritten in place. So a process that dies while its disk is full still says what it lost. No method throws: where the disk refuses
 * even this, the range is lost with the process.
 */
export class LostFile {
  #fd: number | undefined
  #runDir = ''

  /** In the directory of the log's files. It needs room, so it is made with the first of them. */
  open(runDir: string, range: DroppedRange | undefined): void {
    if (this.#fd !== undefined && this.#runDir === runDir) return
    this.close()
    try {
      this.#fd = openFileSync(runFile(runDir, name), 'make')
      this.#runDir = runDir
    } catch {
      return
    }
    this.write(range)
  }

  write(range: DroppedRange | undefined): void {
    if (this.#fd === undefined) return
    try {
      writeAllSync(this.#fd, encode(range), 0)
    } catch {
      // It still says what was written before.
    }
  }

  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    try {
      if (fd !== undefined) closeSync(fd)
    } catch {
      // The system has it.
    }
  }
}

/**
 * What the run in a directory lost and its log does not say: nothing for most. `damaged`: the file says something, and it cannot be told
 * what. Throws file system errors.
 */
export function readLost(runDir: string): { readonly range?: DroppedRange; readonly damaged: boolean } {
  let bytes: Buffer
  try {
    bytes = readFileSync(runFile(runDir, name), { maxBytes: fileBytes })
  } catch (error) {
    if (isMissing(error)) return { damaged: false }
    throw error
  }
  if (bytes.length !== fileBytes || bytes.readUInt32BE(0) !== magic) return { damaged: true }
  if (bytes.readUInt32BE(bodyBytes) !== crc32(bytes.subarray(0, bodyBytes))) return { damaged: true }
  const count = Number(bytes.readBigUInt64BE(20))
  if (count === 0) return { damaged: false }
  const range = { fromNanos: bytes.readBigUInt64BE(4), toNanos: bytes.readBigUInt64BE(12), count }
  return Number.isSafeInteger(count) && range.fromNanos <= range.toNanos
    ? { range, damaged: false }
    : { damaged: true }
}

function encode(range: DroppedRange | undefined): Buffer {
  const bytes = Buffer.alloc(fileBytes)
  bytes.writeUInt32BE(magic, 0)
  if (range !== undefined) {
    bytes.writeBigUInt64BE(range.fromNanos, 4)
    bytes.writeBigUInt64BE(range.toNanos, 12)
    bytes.writeBigUInt64BE(BigInt(range.count), 20)
  }
  bytes.writeUInt32BE(crc32(bytes.subarray(0, bodyBytes)), bodyBytes)
  return bytes
}
