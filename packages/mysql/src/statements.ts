import { HoptraceError, type Row } from '@hoptrace/core/store'

/** One prepared statement and its values. */
export interface PutStatement {
  readonly sql: string
  readonly values: Buffer[]
}

/** Rows of one statement. Only these, so that a connection prepares three statements. */
const groups = [64, 8, 1]
/** More in one statement gains nothing. */
const maxBytes = 4 << 20
/** What a statement adds to the bytes of its rows, and to each of them. */
const headBytes = 1024
const rowBytes = 24

/** Statements that put all rows, none larger than the server takes. Throws when a single row is. */
export function statementsOf(table: string, rows: readonly Row[], packetBytes: number): PutStatement[] {
  const room = packetBytes - headBytes
  const statements: PutStatement[] = []
  for (let at = 0; at < rows.length;) {
    const size = groups.find((count) => {
      const bytes = count === 1 ? 0 : bytesOf(rows, at, count)
      return at + count <= rows.length && bytes <= Math.min(maxBytes, room)
    }) as number
    if (size === 1 && bytesOf(rows, at, 1) > room) {
      throw new HoptraceError(
        'HOPTRACE_STORE_UNAVAILABLE',
        `a row of ${bytesOf(rows, at, 1)} bytes does not fit into the server's max_allowed_packet of ${packetBytes} bytes; rows have up to 8 MiB`,
      )
    }
    statements.push({
      sql: `INSERT INTO ${table} (k, v) VALUES ${Array(size).fill('(?, ?)').join(', ')} ON DUPLICATE KEY UPDATE v = VALUES(v)`,
      values: rows.slice(at, at + size).flatMap(({ key, value }) => [asBuffer(key), asBuffer(value)]),
    })
    at += size
  }
  return statements
}

function bytesOf(rows: readonly Row[], from: number, count: number): number {
  let bytes = 0
  for (const { key, value } of rows.slice(from, from + count)) bytes += key.length + value.length + rowBytes
  return bytes
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}
