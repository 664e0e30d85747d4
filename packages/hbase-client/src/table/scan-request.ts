import { noBytes, prefixStop, toBuffer, type Bytes } from '../bytes.js'
import { callFields, checkCount, checkFields } from '../check.js'
import type { CallOptions } from '../cluster/cluster.js'
import type { Region } from '../cluster/region.js'
import { toColumns, type Column } from './row.js'
import {
  FilterList,
  FilterOperator,
  FirstKeyOnlyFilter,
  KeyOnlyFilter,
  ScanReadType,
  type ScanInit,
} from '../proto/hbase.js'
import { encode } from '../proto/message.js'

/** The rows to read, in ascending order of their keys. */
export interface ScanOptions extends CallOptions {
  /** First row. @default the first of the table */
  readonly from?: Bytes
  /** @default true */
  readonly fromInclusive?: boolean
  /** The end of the range. @default the end of the table */
  readonly to?: Bytes
  /** @default false */
  readonly toInclusive?: boolean
  /** Only rows that begin with this; within `from` and `to`. */
  readonly prefix?: Bytes
  /** The maximum number of rows. @default no limit */
  readonly limit?: number
  /** @default all columns */
  readonly columns?: readonly Column[]
  /** How many versions of a cell, newest first. @default 1 */
  readonly versions?: number
  /** Only the keys: one cell a row, without its value. @default false */
  readonly keysOnly?: boolean
  /** The size of one response; it has at least one row, however large. @default 2 MiB */
  readonly maxBytes?: number
}

/** The range of a scan. `stop` empty: no end. */
export interface RowRange {
  readonly start: Buffer
  readonly startInclusive: boolean
  readonly stop: Buffer
  readonly stopInclusive: boolean
}

/** Above this number of rows, a scan is worth a separate stream on the server. */
const preadLimit = 1000
const filterPackage = 'org.apache.hadoop.hbase.filter.'

const scanFields = [
  ...callFields,
  'from',
  'fromInclusive',
  'to',
  'toInclusive',
  'prefix',
  'limit',
  'columns',
  'versions',
  'keysOnly',
  'maxBytes',
]

/** The range of `from`, `to` and `prefix` together. Throws `TypeError` for an invalid limit. */
export function toRange(options: ScanOptions): RowRange {
  checkFields('scan options', options, scanFields)
  for (const name of ['limit', 'maxBytes', 'versions'] as const) checkCount(`scan: ${name}`, options[name])
  let start = toBuffer(options.from ?? noBytes)
  let startInclusive = options.fromInclusive ?? true
  let stop = toBuffer(options.to ?? noBytes)
  let stopInclusive = stop.length > 0 && (options.toInclusive ?? false)
  if (options.prefix !== undefined) {
    const prefix = toBuffer(options.prefix)
    const end = prefixStop(prefix)
    if (prefix.compare(start) > 0) [start, startInclusive] = [prefix, true]
    if (end.length > 0 && (stop.length === 0 || end.compare(stop) <= 0)) [stop, stopInclusive] = [end, false]
  }
  return { start, startInclusive, stop, stopInclusive }
}

/** True if no row can be in the range. */
export function isEmpty({ start, startInclusive, stop, stopInclusive }: RowRange): boolean {
  if (stop.length === 0) return false
  const order = start.compare(stop)
  return order > 0 || (order === 0 && !(startInclusive && stopInclusive))
}

/** True if no row of the range is after the region. */
export function endsIn({ stop, stopInclusive }: RowRange, region: Region): boolean {
  if (region.end.length === 0) return true
  if (stop.length === 0) return false
  const order = stop.compare(region.end)
  return order < 0 || (order === 0 && !stopInclusive)
}

/** The protobuf form of a scan. */
export function toScan(options: ScanOptions, range: RowRange): ScanInit {
  const small = options.limit !== undefined && options.limit <= preadLimit
  return {
    column: toColumns(options.columns),
    startRow: range.start,
    stopRow: range.stop,
    includeStartRow: range.startInclusive,
    includeStopRow: range.stopInclusive,
    maxVersions: options.versions ?? 1,
    maxResultSize: BigInt(options.maxBytes ?? defaultMaxBytes),
    // With DEFAULT the server cuts its answer after two blocks, to change from random reads to a stream.
    readType: small ? ScanReadType.PREAD : ScanReadType.DEFAULT,
    ...(options.keysOnly ? { filter: keysOnlyFilter } : {}),
  }
}

/** The size of one response, unless `maxBytes` is set. */
export const defaultMaxBytes = 2 * 1024 * 1024

const keysOnlyFilter = {
  name: `${filterPackage}FilterList`,
  serializedFilter: encode(FilterList, {
    operator: FilterOperator.MUST_PASS_ALL,
    filters: [
      {
        name: `${filterPackage}FirstKeyOnlyFilter`,
        serializedFilter: encode(FirstKeyOnlyFilter, {}),
      },
      {
        name: `${filterPackage}KeyOnlyFilter`,
        serializedFilter: encode(KeyOnlyFilter, { lenAsVal: false }),
      },
    ],
  }),
}
