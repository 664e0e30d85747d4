import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError, type Row, type ScanRange, type Store, type StoreLogin } from '@hoptrace/core/store'
import { certificateReason, checkRange, lastOfEach, orAborted } from '@hoptrace/core/store'
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { Connections, type Connected } from './connections.js'
import type { MysqlLocation } from './location.js'
import { statementsOf } from './statements.js'
import { checkTable, makeTable } from './table.js'

const openMillis = 10_000
const readMillis = 5000
const putMillis = 15_000
/** Rows that one statement deletes. */
const deletePage = 1000
const maxPauseMillis = 1000

/** The connection is gone, or the server wants the same again. */
const passing = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ER_SERVER_SHUTDOWN',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
])
/** The server cannot be reached for now. A read says so; a put waits for a while. */
const away = new Set(['ECONNREFUSED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ER_CON_COUNT_ERROR'])

/** A table of MySQL or MariaDB: one row for each row of the store, in the order of the primary key. */
export class MysqlStore implements Store {
  readonly url: string
  readonly supports = { durable: true, shared: true, ttl: false }
  readonly #location: MysqlLocation
  readonly #make: boolean
  readonly #connections: Connections
  readonly #table: string
  #opening: Promise<void> | undefined
  #closed = false

  constructor(location: MysqlLocation, make: boolean, login: StoreLogin | undefined) {
    this.url = location.url
    this.#location = location
    this.#make = make
    this.#connections = new Connections(location, login)
    this.#table = `\`${location.table}\``
  }

  async open(): Promise<void> {
    if (this.#closed) throw this.#closedError()
    this.#opening ??= this.#run(openMillis, passing, (connected) => this.#prepare(connected)).catch(
      (error: unknown) => {
        // The next call tries again.
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }

  async put(rows: readonly Row[]): Promise<void> {
    await this.open()
    if (rows.length === 0) return
    // Transactions that lock rows in one order rarely wait for each other.
    const sorted = [...lastOfEach(rows)].sort((a, b) => Buffer.compare(a.key, b.key))
    // The caller may change its buffers only after the put, so that what is sent again is the same.
    await this.#run(putMillis, new Set([...passing, ...away]), async ({ connection, settings }) => {
      const statements = statementsOf(this.#table, sorted, settings.packetBytes)
      await connection.beginTransaction()
      for (const { sql, values } of statements) await connection.execute(sql, values)
      await connection.commit()
    })
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    checkRange(range)
    const { from, to, limit, signal } = range
    signal?.throwIfAborted()
    await orAborted(this.open(), signal)
    const reading = this.#run(readMillis, passing, async ({ connection }) => {
      const [found] = await connection.query<RowDataPacket[][]>({
        sql: `SELECT k, v FROM ${this.#table} WHERE k >= ? AND k < ? ORDER BY k LIMIT ${limit}`,
        values: [Buffer.from(from), Buffer.from(to)],
        rowsAsArray: true,
      })
      return found.map(([key, value]) => ({ key, value }) as unknown as Row)
    })
    return orAborted(reading, signal)
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.open()
    for (let deleted = deletePage; deleted === deletePage;) {
      deleted = await this.#run(putMillis, passing, async ({ connection }) => {
        const [result] = await connection.query<ResultSetHeader>(
          `DELETE FROM ${this.#table} WHERE k >= ? AND k < ? ORDER BY k LIMIT ${deletePage}`,
          [Buffer.from(from), Buffer.from(to)],
        )
        return result.affectedRows
      })
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#connections.close()
  }

  async #prepare({ connection, settings }: Connected): Promise<void> {
    if (this.#make) {
      await makeTable(connection, this.#location)
      if (!settings.flushesCommits) warnOfFlushing(this.url)
    }
    await checkTable(connection, this.#location)
  }

  /** Everything that a store asks may be asked twice. */
  async #run<T>(
    millis: number,
    retried: ReadonlySet<string>,
    task: (connected: Connected) => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + millis
    for (let pause = 10; ; pause = Math.min(pause * 2, maxPauseMillis)) {
      if (this.#closed) throw this.#closedError()
      try {
        return await this.#connections.use(Math.max(1, until - performance.now()), task)
      } catch (error) {
        const again = retried.has(codeOf(error)) && performance.now() + pause < until
        if (!again || this.#closed) throw this.#failure(error)
      }
      await sleep(pause)
    }
  }

  #failure(error: unknown): Error {
    if (this.#closed) return this.#closedError()
    if (error instanceof HoptraceError) return error
    // The table was dropped while we used it. The next call makes it again, if this service makes its table.
    if (codeOf(error) === 'ER_NO_SUCH_TABLE') this.#opening = undefined
    const told = error instanceof Error ? error.message || codeOf(error) : String(error)
    const reason = certificateReason(error) ?? told
    return new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${this.url}: ${reason}`, { cause: error })
  }

  #closedError(): HoptraceError {
    return new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
  }
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

let warned = false

function warnOfFlushing(url: string): void {
  if (warned) return
  warned = true
  process.emitWarning(
    `${url}: innodb_flush_log_at_trx_commit is not 1, so records that were acknowledged can be lost when the server's host stops`,
    { type: 'HoptraceWarning', code: 'HOPTRACE_STORE' },
  )
}
