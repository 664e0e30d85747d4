import { crc32 } from 'node:zlib'
import { HoptraceError } from '../errors.js'
import type { HopRecord } from '../hop/record.js'
import { writeChecked } from './checked-value.js'
import type { Row } from './contract.js'
import { aliasKey, businessKey, businessKeyHash, businessKeyText } from './keys.js'

const hex32 = /^[0-9a-f]{32}$/

/**
 * The rows that lead to records: one for each business key of each record, and one for each id under which others may ask for it
 * (the id that its caller assigned, and the trace id where a foreign span stands between).
 * The same records give the same rows, so that writing them again changes nothing.
 */
export function keyRows(records: readonly HopRecord[]): Row[] {
  const rows: Row[] = []
  for (const record of records) {
    const { hopId, traceId } = record
    for (const name of Object.keys(record.keys)) {
      const text = businessKeyText(name, record.keys[name] as string)
      const key = businessKey(businessKeyHash(text), hopId)
      rows.push({ key, value: writeKeyValue(text, key, traceId === hopId ? '' : traceId) })
    }
    if (record.assignedId !== null) addAlias(rows, record.assignedId, record)
    if (record.parentSpan !== null && traceId !== hopId) addAlias(rows, traceId, record)
  }
  return rows
}

function addAlias(rows: Row[], alias: string, { hopId }: HopRecord): void {
  if (hex32.test(alias)) rows.push({ key: aliasKey(alias, hopId), value: writeChecked(Buffer.alloc(0)) })
}

/**
 * `checksum(4) traceId(16, or nothing when it is the HopId)`. The checksum is the CRC-32 of the key's text, the row key and the
 * trace id: it tells damage and another text with the same hash, for a quarter of the bytes that the text itself would take.
 */
function writeKeyValue(text: string, key: Uint8Array, traceId: string): Buffer {
  const value = Buffer.allocUnsafe(traceId === '' ? 4 : 20)
  value.write(traceId, 4, 'hex')
  value.writeUInt32BE(checksum(text, key, value.subarray(4)))
  return value
}

/** The trace id in a row's value, '' for the HopId itself. A checksum that differs is a `HOPTRACE_BAD_SEGMENT`. */
export function readKeyValue(text: string, { key, value }: Row): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const fits = bytes.length === 4 || bytes.length === 20
  if (!fits || bytes.readUInt32BE(0) !== checksum(text, key, bytes.subarray(4))) {
    throw new HoptraceError('HOPTRACE_BAD_SEGMENT', 'damaged row of a business key: its checksum differs')
  }
  return bytes.toString('hex', 4)
}

function checksum(text: string, key: Uint8Array, traceId: Uint8Array): number {
  return crc32(traceId, crc32(key, crc32(text)))
}
