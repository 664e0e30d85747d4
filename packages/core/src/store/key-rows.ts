import { crc32 } from 'node:zlib'
import { HoptraceError } from '../base/errors.js'
import type { HopRecord } from '../record/record.js'
import type { Row } from './contract.js'
import { aliasKey, businessKey, businessKeyHash, businessKeyText } from './keys.js'

const hex32 = /^[0-9a-f]{32}$/

/**
 * The rows that lead to records: one for each business key of each record, and one for each other id under
 * which a resolver may ask for it (the id that its caller assigned, and the trace id if a foreign span is
 * between caller and hop). The same records give the same rows, so that writing them again changes nothing.
 */
export function keyRows(records: readonly HopRecord[]): Row[] {
  const rows: Row[] = []
  for (const record of records) {
    const { hopId, traceId } = record
    for (const name of Object.keys(record.keys)) {
      const text = businessKeyText(name, record.keys[name] as string)
      const key = businessKey(businessKeyHash(text), hopId)
      const value = writeValue(crc32(text), key, record.instance.startNanos, traceId === hopId ? '' : traceId)
      rows.push({ key, value })
    }
    if (record.assignedId !== null) addAlias(rows, record.assignedId, record)
    if (record.parentSpan !== null && traceId !== hopId) addAlias(rows, traceId, record)
  }
  return rows
}

function addAlias(rows: Row[], alias: string, { hopId, instance }: HopRecord): void {
  if (!hex32.test(alias)) return
  const key = aliasKey(alias, hopId)
  rows.push({ key, value: writeValue(0, key, instance.startNanos, '') })
}

/** `checksum(4) start(8) traceId(16, or nothing)`; `seed` is the checksum of what else the row is about. */
function writeValue(seed: number, key: Uint8Array, startNanos: bigint, traceId: string): Buffer {
  const value = Buffer.alloc(traceId === '' ? 12 : 28)
  value.writeBigUInt64BE(startNanos, 4)
  value.write(traceId, 12, 'hex')
  value.writeUInt32BE(checksum(seed, key, value), 0)
  return value
}

/** What a row of a business key says of its hop. */
export interface KeyValue {
  /** '' for the HopId itself. */
  readonly traceId: string
  /** When the run began that has the hop. */
  readonly startNanos: bigint
}

/**
 * The value of a row of a business key. Its checksum is the CRC-32 of the key's text, the row key and the
 * value: it tells damage, and another text with the same hash, for a quarter of the bytes that the text
 * itself would take. A checksum that differs is a `HOPTRACE_BAD_SEGMENT`.
 */
export function readKeyValue(text: string, row: Row): KeyValue {
  const bytes = checkedValue(crc32(text), row, 'a business key')
  return { traceId: bytes.toString('hex', 12), startNanos: bytes.readBigUInt64BE(4) }
}

/** When the run began that has an alias's hop. A checksum that differs is a `HOPTRACE_BAD_SEGMENT`. */
export function readAliasValue(row: Row): bigint {
  return checkedValue(0, row, 'an alias').readBigUInt64BE(4)
}

function checkedValue(seed: number, { key, value }: Row, what: string): Buffer {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const fits = bytes.length === 12 || bytes.length === 28
  if (!fits || bytes.readUInt32BE(0) !== checksum(seed, key, bytes)) {
    throw new HoptraceError('HOPTRACE_BAD_SEGMENT', `damaged row of ${what}: its checksum differs`)
  }
  return bytes
}

function checksum(seed: number, key: Uint8Array, value: Uint8Array): number {
  return crc32(value.subarray(4), crc32(key, seed))
}
