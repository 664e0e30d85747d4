import type { HopRecord } from '../hop/record.js'
import type { HopId, TraceId } from '../id/types.js'
import type { Row } from './contract.js'
import { aliasKey, businessKey, businessKeyHash } from './keys.js'
import { readChecked, writeChecked } from './checked-value.js'

/** What the row of a business key says. */
export interface KeyRowValue {
  readonly name: string
  readonly value: string
  readonly traceId: TraceId
}

const hex32 = /^[0-9a-f]{32}$/

/**
 * The rows that lead to records: one for each business key of each record, and one for each id under which others may ask for it
 * (the id that its caller assigned, and the trace id where a foreign span stands between).
 * The same records give the same rows, so that writing them again changes nothing.
 */
export function keyRows(records: readonly HopRecord[]): Row[] {
  const rows: Row[] = []
  for (const record of records) {
    for (const name of Object.keys(record.keys)) {
      const value = record.keys[name] as string
      rows.push({
        key: businessKey(businessKeyHash(name, value), record.hopId),
        value: writeKeyValue({ name, value, traceId: record.traceId }, record.hopId),
      })
    }
    if (record.assignedId !== null) addAlias(rows, record.assignedId, record.hopId)
    if (record.parentSpan !== null && record.traceId !== record.hopId)
      addAlias(rows, record.traceId, record.hopId)
  }
  return rows
}

function addAlias(rows: Row[], alias: string, id: HopId): void {
  if (hex32.test(alias)) rows.push({ key: aliasKey(alias, id), value: writeChecked(Buffer.alloc(0)) })
}

/** `traceId(16, nothing when it is the HopId) nameLength(varint 1-2) name value`, checked. */
function writeKeyValue({ name, value, traceId }: KeyRowValue, id: HopId): Uint8Array {
  const nameBytes = Buffer.from(name, 'utf8')
  const head = Buffer.alloc(3)
  head[0] = traceId === id ? 0 : 1
  head.writeUInt16BE(nameBytes.length, 1)
  const trace = traceId === id ? Buffer.alloc(0) : Buffer.from(traceId, 'hex')
  return writeChecked(Buffer.concat([head, trace, nameBytes, Buffer.from(value, 'utf8')]))
}

/** The other way. Damage is a `HOPTRACE_BAD_SEGMENT`. */
export function readKeyValue(bytes: Uint8Array, id: HopId): KeyRowValue {
  return readChecked(bytes, (body) => {
    const own = body[0] === 0
    const nameFrom = own ? 3 : 19
    const nameTo = nameFrom + body.readUInt16BE(1)
    if (nameTo > body.length || (body[0] as number) > 1) return undefined
    return {
      traceId: own ? id : body.toString('hex', 3, 19),
      name: body.toString('utf8', nameFrom, nameTo),
      value: body.toString('utf8', nameTo),
    }
  })
}
