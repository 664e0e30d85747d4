import { nextRow } from '../bytes.js'
import type { Cluster } from '../cluster/cluster.js'
import type { Region } from '../cluster/region.js'
import type { Deadline } from '../deadline.js'
import { protocolError } from '../errors.js'
import { scan } from '../rpc/methods.js'
import { specify } from './get.js'
import type { Row } from './row.js'
import {
  defaultMaxBytes,
  endsIn,
  isEmpty,
  toRange,
  toScan,
  type RowRange,
  type ScanOptions,
} from './scan-request.js'
import { RowAssembler, whatIsLeft } from './scan-results.js'
import { ScanReadType } from '../proto/hbase.js'

/** Rows, and the start of the next page. */
export interface ScanPage {
  readonly rows: Row[]
  /** `from` of the next page; undefined if there are no more rows. */
  readonly next: Buffer | undefined
}

const allRows = 0x7fff_ffff

/**
 * Reads up to `limit` rows or about `maxBytes`, whichever comes first, in one round trip for each region that
 * it reads; no scanner stays open on the server.
 */
export async function scanPage(cluster: Cluster, table: string, options: ScanOptions): Promise<ScanPage> {
  const deadline = cluster.deadline(options)
  const { limit = allRows, maxBytes = defaultMaxBytes } = options
  const rows: Row[] = []
  let range = toRange(options)
  let bytes = 0
  while (!isEmpty(range)) {
    const left = { ...options, limit: limit - rows.length, maxBytes: maxBytes - bytes }
    const part = await cluster.onRegion(table, range.start, deadline, (region) =>
      readRegion(cluster, region, left, range, deadline),
    )
    rows.push(...part.rows)
    bytes += part.bytes
    if (!part.next) return { rows, next: undefined }
    range = { ...range, start: part.next, startInclusive: true }
    if (rows.length >= limit || bytes >= maxBytes)
      return { rows, next: isEmpty(range) ? undefined : part.next }
  }
  return { rows, next: undefined }
}

interface Part {
  readonly rows: Row[]
  readonly bytes: number
  readonly next: Buffer | undefined
}

async function readRegion(
  cluster: Cluster,
  region: Region,
  options: ScanOptions & { limit: number },
  range: RowRange,
  deadline: Deadline,
): Promise<Part> {
  const { message, cells } = await cluster.pool.call(
    region.server,
    scan,
    {
      region: specify(region),
      scan: { ...toScan(options, range), readType: ScanReadType.PREAD },
      numberOfRows: options.limit,
      limitOfRows: options.limit,
      closeScanner: true,
      nextCallSeq: 0n,
      // Otherwise the server may return parts of rows.
      clientHandlesPartials: false,
      clientHandlesHeartbeats: false,
    },
    deadline,
  )
  const assembler = new RowAssembler()
  const rows = [...assembler.take(message, cells), ...assembler.finish()]
  const last = rows.at(-1)
  const cut = whatIsLeft(message).moreResultsInRegion || rows.length >= options.limit
  const regionDone = endsIn(range, region) ? undefined : region.end
  if (cut && !last) throw protocolError('a region that has more rows but gives none')
  return { rows, bytes: cells.length, next: cut && last ? nextRow(last.row) : regionDone }
}
