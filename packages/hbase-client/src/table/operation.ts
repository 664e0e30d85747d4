import { toBuffer, noBytes, type Bytes } from '../bytes.js'
import { checkFields, checkList, checkTimestamp, shown } from '../check.js'
import { HBaseError } from '../errors.js'
import { cellBytes, cellType, latestTimestamp, type NewCell } from '../rpc/cell-block.js'
import { MutationType } from '../proto/hbase.js'

/** One cell to write. Without a timestamp, the server uses its clock. */
export interface Put {
  readonly row: Bytes
  readonly family: Bytes
  readonly qualifier: Bytes
  readonly value: Bytes
  readonly timestamp?: bigint
}

/**
 * The cells to delete: a row, one family of it, or one column. All versions up to `timestamp`; without one,
 * all that exist.
 */
export interface Delete {
  readonly row: Bytes
  readonly family?: Bytes
  readonly qualifier?: Bytes
  readonly timestamp?: bigint
}

/** A change of one row, which a server applies completely or not at all. */
export interface Mutation {
  readonly row: Buffer
  readonly type: MutationType
  readonly cells: readonly NewCell[]
  readonly bytes: number
  readonly timestamp: bigint | undefined
  /** Indexes in the caller's list: `first` and the `count - 1` after it. */
  readonly first: number
  readonly count: number
}

const maxRowBytes = 32_767
const maxFamilyBytes = 127

export const putFields = ['row', 'family', 'qualifier', 'value', 'timestamp']
const narrowing = ['family', 'qualifier', 'timestamp'] as const
export const deleteFields = ['row', 'family', 'qualifier', 'timestamp']

/**
 * Adjacent puts of the same row become one mutation. Throws `TOO_LARGE`, or `TypeError` for an invalid put.
 */
export function toPutMutations(puts: readonly Put[], fields: readonly string[] = putFields): Mutation[] {
  checkList('puts', puts)
  const mutations: { row: Buffer; cells: NewCell[]; first: number }[] = []
  for (const [index, put] of puts.entries()) {
    const what = `put ${index}`
    checkFields(what, put, fields)
    const row = toRow(put.row, what)
    checkTimestamp(`${what}, row ${shown(row)}`, put.timestamp)
    if (put.value === undefined) throw new TypeError(`${what}, row ${shown(row)}: there is no value`)
    const last = mutations.at(-1)
    const shared = last?.row.equals(row) ? last : undefined
    const cell: NewCell = {
      row: shared?.row ?? row,
      family: toFamily(put.family, `${what}, row ${shown(row)}`),
      qualifier: toBuffer(put.qualifier),
      timestamp: put.timestamp ?? latestTimestamp,
      type: cellType.put,
      value: toBuffer(put.value),
    }
    if (shared) shared.cells.push(cell)
    else mutations.push({ row, cells: [cell], first: index })
  }
  return mutations.map(({ row, cells, first }) => mutation(row, MutationType.PUT, cells, first))
}

/** One mutation for each delete. Throws like `toPutMutations`. */
export function toDeleteMutations(
  deletes: readonly Delete[],
  fields: readonly string[] = deleteFields,
): Mutation[] {
  checkList('deletes', deletes)
  return deletes.map((deletion, index) => {
    checkFields(`delete ${index}`, deletion, fields)
    const { row: bytes, family, qualifier, timestamp } = deletion
    const row = toRow(bytes, `delete ${index}`)
    const what = `delete ${index}, row ${shown(row)}`
    checkTimestamp(what, timestamp)
    // A value that is missing by mistake must not widen what is deleted.
    for (const name of narrowing)
      if (name in deletion && deletion[name] === undefined)
        throw new TypeError(`${what}: ${name} is undefined; leave it out to delete all of them`)
    if (family === undefined) {
      if (qualifier !== undefined) throw new TypeError(`${what}: a qualifier without a family`)
      return { ...mutation(row, MutationType.DELETE, [], index), timestamp }
    }
    const cell: NewCell = {
      row,
      family: toFamily(family, what),
      qualifier: qualifier === undefined ? noBytes : toBuffer(qualifier),
      timestamp: timestamp ?? latestTimestamp,
      type: qualifier === undefined ? cellType.deleteFamily : cellType.deleteColumn,
      value: noBytes,
    }
    return mutation(row, MutationType.DELETE, [cell], index)
  })
}

/** A valid row key: 1 to 32,767 bytes. */
export function toRow(bytes: Bytes, what = 'row'): Buffer {
  if (bytes === undefined) throw new TypeError(`${what}: there is no row key`)
  const row = toBuffer(bytes)
  if (row.length === 0) throw new TypeError(`${what}: a row key must not be empty`)
  if (row.length > maxRowBytes)
    throw new HBaseError('TOO_LARGE', `${what}: a row key of ${row.length} bytes (limit ${maxRowBytes})`)
  return row
}

function toFamily(bytes: Bytes, what: string): Buffer {
  const family = toBuffer(bytes)
  if (family.length === 0 || family.length > maxFamilyBytes) {
    throw new TypeError(`${what}: a family name of ${family.length} bytes (1 to ${maxFamilyBytes})`)
  }
  return family
}

function mutation(row: Buffer, type: MutationType, cells: NewCell[], first: number): Mutation {
  const bytes = cells.reduce((sum, cell) => sum + cellBytes(cell), row.length)
  return { row, type, cells, bytes, timestamp: undefined, first, count: Math.max(1, cells.length) }
}
