import { nextRow } from '../bytes.js'
import { Deadline } from '../deadline.js'
import { HBaseError, protocolError } from '../errors.js'
import type { Settings } from '../options.js'
import { decodeCells, type Cell } from '../rpc/cell-block.js'
import { scan } from '../rpc/methods.js'
import type { Pool } from '../rpc/pool.js'
import { endKey, firstKey, metaRegion, metaTable, readMetaRow, readTableState, searchKey } from './meta.js'
import type { Region } from './region.js'
import { RegionCache } from './region-cache.js'
import type { Registry } from './registry.js'
import { ScanReadType, TableStateValue, type ScanInit } from '../proto/hbase.js'

const infoColumns = ['regioninfo', 'server', 'serverstartcode'].map((name) => Buffer.from(name))

/** Finds the region of a row in hbase:meta and caches it until an error says that the region has moved. */
export class Locator {
  readonly #settings: Settings
  readonly #pool: Pool
  readonly #registry: Registry
  readonly #cache = new RegionCache()
  /** One look-up at a time for a table: callers that wait for it usually find their region in the cache. */
  readonly #lookups = new Map<string, Promise<void>>()

  constructor(settings: Settings, pool: Pool, registry: Registry) {
    this.#settings = settings
    this.#pool = pool
    this.#registry = registry
  }

  /** The region of a row if it is cached, without waiting. */
  known(table: string, row: Buffer): Region | undefined {
    return this.#cache.find(table, row)
  }

  /**
   * The region of a row. Rejects with `TABLE_NOT_FOUND`, `TABLE_DISABLED`, or a retriable error while the
   * region is in transition.
   */
  async locate(table: string, row: Buffer, deadline: Deadline): Promise<Region> {
    if (table === metaTable) return this.#metaAsRegion(deadline)
    for (;;) {
      const known = this.#cache.find(table, row)
      if (known) return known
      const pending = this.#lookups.get(table)
      if (!pending) return deadline.race(this.#start(table, row))
      await deadline.race(pending)
    }
  }

  /** Call it when the region is elsewhere, or no longer exists. */
  forget(region: Region): void {
    if (region.table === metaTable) this.#registry.forgetMeta()
    this.#cache.remove(region)
  }

  /** Throws if an operation keeps failing because its table is disabled or gone. */
  async checkTable(table: string, deadline: Deadline): Promise<void> {
    if (table === metaTable) return
    const [cell] = await this.#scanMeta(
      { column: [{ family: Buffer.from('table') }], ...rowRange(table) },
      deadline,
    )
    const state = cell && readTableState(cell.value)
    if (state === TableStateValue.DISABLED || state === TableStateValue.DISABLING) {
      throw new HBaseError('TABLE_DISABLED', `table ${table} is disabled`)
    }
    if (!cell) throw notFound(table)
  }

  /** All regions of a table, in order of their rows; those in transition are missing. */
  async regions(table: string, deadline: Deadline): Promise<Region[]> {
    const found: Region[] = []
    for (let startRow = firstKey(table); ;) {
      const rows = byRow(
        await this.#scanMeta({ column: infoColumn, startRow, stopRow: endKey(table) }, deadline),
      )
      const last = rows.at(-1)?.[0]
      if (!last) break
      for (const row of rows) {
        const meta = readMetaRow(row)
        if (!meta?.server || meta.retired || meta.region.table !== table) continue
        found.push({ ...meta.region, server: meta.server, startCode: meta.startCode })
      }
      startRow = nextRow(last.row)
    }
    for (const region of found) this.#cache.add(region)
    if (found.length === 0) await this.checkTable(table, deadline)
    return found
  }

  async #metaAsRegion(deadline: Deadline): Promise<Region> {
    const server = await this.#registry.metaServer(deadline)
    const edge = Buffer.alloc(0)
    return { table: metaTable, name: metaRegion.value, id: 1n, start: edge, end: edge, server, startCode: 0n }
  }

  #start(table: string, row: Buffer): Promise<Region> {
    const work = this.#lookUp(table, row)
    const settled = work.then(
      () => undefined,
      () => undefined,
    )
    this.#lookups.set(table, settled)
    void settled.then(() => this.#lookups.delete(table))
    return work
  }

  async #lookUp(table: string, row: Buffer): Promise<Region> {
    // Use a separate deadline: the look-up is shared, so it must not inherit the first caller's timeout.
    const deadline = new Deadline(this.#settings.attemptTimeoutMillis)
    const cells = await this.#scanMeta(
      {
        column: infoColumn,
        startRow: searchKey(table, row),
        stopRow: firstKey(table),
        includeStopRow: true,
        reversed: true,
        caching: 1,
      },
      deadline,
      1,
    )
    const meta = readMetaRow(cells)
    if (meta?.region.table !== table) throw notFound(table)
    const { region, server, startCode } = meta
    if (meta.retired || !server) {
      await this.checkTable(table, deadline)
      throw inTransition(table, 'its region is not open')
    }
    const located: Region = { ...region, server, startCode }
    if (located.end.length > 0 && located.end.compare(row) <= 0) {
      throw inTransition(table, 'hbase:meta has a hole, a split or merge is under way')
    }
    this.#cache.add(located)
    this.#registry.remember(server)
    return located
  }

  async #scanMeta(request: ScanInit, deadline: Deadline, rows = 0x7fff_ffff): Promise<Cell[]> {
    const server = await this.#registry.metaServer(deadline)
    try {
      const { message, cells } = await this.#pool.call(
        server,
        scan,
        {
          region: metaRegion,
          scan: { ...request, readType: ScanReadType.PREAD },
          numberOfRows: rows,
          limitOfRows: rows,
          closeScanner: true,
        },
        deadline,
      )
      const found = decodeCells(cells)
      const announced = message.cellsPerResult.reduce((sum, count) => sum + count, 0)
      if (found.length !== announced)
        throw protocolError(`${found.length} cells of hbase:meta instead of ${announced}`)
      return found
    } catch (error) {
      if (error instanceof HBaseError && error.recovery === 'elsewhere') this.#registry.forgetMeta()
      throw error
    }
  }
}

const infoColumn = [{ family: Buffer.from('info'), qualifier: infoColumns }]

function byRow(cells: readonly Cell[]): Cell[][] {
  const rows: Cell[][] = []
  for (const cell of cells) {
    const row = rows.at(-1)
    if (row?.[0]?.row.equals(cell.row)) row.push(cell)
    else rows.push([cell])
  }
  return rows
}

function rowRange(table: string): ScanInit {
  const row = Buffer.from(table)
  return { startRow: row, stopRow: row, includeStopRow: true }
}

function notFound(table: string): HBaseError {
  return new HBaseError('TABLE_NOT_FOUND', `there is no table ${table}`)
}

function inTransition(table: string, why: string): HBaseError {
  return new HBaseError('REMOTE', `table ${table}: ${why}`, { recovery: 'elsewhere' })
}
