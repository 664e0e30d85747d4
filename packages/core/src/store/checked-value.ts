import { crc32 } from 'node:zlib'
import { HoptraceError } from '../base/errors.js'

/** A small row's value: its CRC-32 (4 bytes, big endian), then the body. */
export function writeChecked(body: Uint8Array): Buffer {
  const value = Buffer.alloc(4 + body.length)
  value.writeUInt32BE(crc32(body))
  value.set(body, 4)
  return value
}

/** Verifies and reads such a value; `read` gives undefined for a body that it does not know. Damage is a `HOPTRACE_BAD_SEGMENT`. */
export function readChecked<T>(value: Uint8Array, read: (body: Buffer) => T | undefined): T {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (bytes.length >= 4 && bytes.readUInt32BE(0) === crc32(bytes.subarray(4))) {
    const found = guarded(() => read(bytes.subarray(4)))
    if (found !== undefined) return found
  }
  throw new HoptraceError('HOPTRACE_BAD_SEGMENT', 'damaged row: its checksum or form is wrong')
}

function guarded<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch (error) {
    // Reading beyond the end of a buffer.
    if (error instanceof RangeError) return undefined
    throw error
  }
}
