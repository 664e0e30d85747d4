/** Bytes as callers may pass them; a string means its UTF-8. */
export type Bytes = Uint8Array | string

/** The empty key: before all rows as a start, after all rows as a stop. */
export const noBytes: Buffer = Buffer.alloc(0)

/** A Buffer over the same memory, or the UTF-8 of a string. Throws `TypeError` for anything else. */
export function toBuffer(bytes: Bytes): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes)
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`expected bytes or a string, got ${bytes === null ? 'null' : typeof bytes}`)
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The smallest row after `row`: the row followed by a zero byte. */
export function nextRow(row: Uint8Array): Buffer {
  const next = Buffer.alloc(row.length + 1)
  next.set(row)
  return next
}

/**
 * The smallest row after all rows that begin with `prefix`: the exclusive stop of a prefix scan.
 * Empty (no stop) for a prefix that has only 0xff bytes.
 */
export function prefixStop(prefix: Bytes): Buffer {
  const stop = Buffer.from(toBuffer(prefix))
  for (let i = stop.length - 1; i >= 0; i--) {
    const byte = stop[i] ?? 0
    if (byte < 0xff) {
      stop[i] = byte + 1
      return stop.subarray(0, i + 1)
    }
  }
  return noBytes
}
