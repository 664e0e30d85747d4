import type { Cluster } from '../cluster/cluster.js'
import type { Region } from '../cluster/region.js'
import { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import { scan } from '../rpc/methods.js'
import { isLostScanner } from '../rpc/remote-error.js'
import { retrying } from '../retry.js'
import { specify } from './get.js'
import type { Row } from './row.js'
import { endsIn, isEmpty, toRange, toScan, type RowRange, type ScanOptions } from './scan-request.js'
import { RowAssembler, whatIsLeft } from './scan-results.js'

interface OpenScanner {
  readonly region: Region
  readonly id: bigint
  nextCall: bigint
}

const allRows = 0x7fff_ffff

/**
 * Reads a range of rows, response by response, through all regions of the range. If its scanner or its region
 * is lost, it continues after the last row that it returned.
 */
export class Scanner {
  readonly #cluster: Cluster
  readonly #table: string
  readonly #options: ScanOptions
  readonly #assembler = new RowAssembler()
  #range: RowRange
  #left: number
  #open: OpenScanner | undefined
  #done = false

  constructor(cluster: Cluster, table: string, options: ScanOptions) {
    this.#cluster = cluster
    this.#table = table
    this.#options = options
    this.#range = toRange(options)
    this.#left = options.limit ?? Number.POSITIVE_INFINITY
  }

  /** The next rows, at least one; empty at the end. */
  async next(): Promise<Row[]> {
    while (!this.#done && !isEmpty(this.#range)) {
      // One deadline per response: a scan may pass many regions, or receive heartbeats, before a row comes.
      const deadline = this.#cluster.deadline(this.#options)
      const rows = await retrying(deadline, (attempt) => this.#attempt(attempt, deadline))
      if (rows.length > 0) return rows
    }
    return []
  }

  /** Ends the scan. If the server still holds a scanner, it closes that without waiting. */
  close(): void {
    this.#done = true
    const open = this.#open
    this.#open = undefined
    if (!open) return
    const request = { scannerId: open.id, numberOfRows: 0, closeScanner: true }
    const deadline = new Deadline(this.#cluster.settings.attemptTimeoutMillis)
    // If this fails, the server closes the scanner when its lease expires.
    void this.#cluster.pool.call(open.region.server, scan, request, deadline).catch(() => undefined)
  }

  async #attempt(attempt: number, deadline: Deadline): Promise<Row[]> {
    await this.#cluster.checkBefore(attempt, this.#table, deadline)
    const region =
      this.#open?.region ?? (await this.#cluster.region(this.#table, this.#range.start, deadline))
    try {
      return await this.#fetch(region, deadline)
    } catch (error) {
      this.#open = undefined
      this.#assembler.reset()
      if (!(error instanceof HBaseError && isLostScanner(error))) this.#cluster.noteFailure(region, error)
      throw error
    }
  }

  async #fetch(region: Region, deadline: Deadline): Promise<Row[]> {
    const numberOfRows = Math.min(this.#left, allRows)
    const { message, cells } = await this.#cluster.pool.call(
      region.server,
      scan,
      {
        ...(this.#open
          ? { scannerId: this.#open.id, nextCallSeq: this.#open.nextCall++ }
          : { region: specify(region), scan: toScan(this.#options, this.#range), nextCallSeq: 0n }),
        numberOfRows,
        limitOfRows: Number.isFinite(this.#left) ? numberOfRows : 0,
        clientHandlesPartials: true,
        clientHandlesHeartbeats: true,
        closeScanner: false,
      },
      deadline,
    )
    this.#open ??= { region, id: message.scannerId, nextCall: 1n }
    const rows = this.#assembler.take(message, cells)
    const { moreResults, moreResultsInRegion } = whatIsLeft(message)
    if (!moreResults || !moreResultsInRegion) {
      // The server has closed the scanner.
      this.#open = undefined
      rows.push(...this.#assembler.finish())
    }
    this.#advance(rows)
    if (!moreResults || this.#left <= 0) this.close()
    else if (!moreResultsInRegion) this.#leave(region)
    return rows
  }

  #advance(rows: readonly Row[]): void {
    this.#left -= rows.length
    const last = rows.at(-1)
    if (last) this.#range = { ...this.#range, start: Buffer.from(last.row), startInclusive: false }
  }

  #leave(region: Region): void {
    if (endsIn(this.#range, region)) this.#done = true
    else this.#range = { ...this.#range, start: region.end, startInclusive: true }
  }
}

/** A scan as an async iterable. */
export async function* scanRows(
  cluster: Cluster,
  table: string,
  options: ScanOptions,
): AsyncGenerator<Row, void> {
  const scanner = new Scanner(cluster, table, options)
  try {
    for (;;) {
      const rows = await scanner.next()
      if (rows.length === 0) return
      yield* rows
    }
  } finally {
    scanner.close()
  }
}
