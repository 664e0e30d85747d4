import type { Socket } from 'node:net'
import { HoptraceError, type StoreLogin } from '@hoptrace/core/store'
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import type { MysqlLocation } from './location.js'

/** What a server is set to, as far as a store depends on it. */
export interface ServerSettings {
  /** Bytes of the largest statement: `max_allowed_packet`. */
  readonly packetBytes: number
  /** Whether a commit is on disk when it is acknowledged: `innodb_flush_log_at_trx_commit`. */
  readonly flushesCommits: boolean
}

/** A connection in use, and the settings of its server. */
export interface Connected {
  readonly connection: PoolConnection
  readonly settings: ServerSettings
}

const connectMillis = 5000
const maxConnections = 4
const closeMillis = 500

/** A few connections to one server. They do not keep the process alive while nothing is asked. */
export class Connections {
  readonly #pool: Pool
  readonly #url: string
  readonly #known = new WeakMap<object, ServerSettings>()
  readonly #open = new Set<PoolConnection>()

  constructor({ url, tls, host, port, database }: MysqlLocation, login: StoreLogin | undefined) {
    this.#url = url
    this.#pool = createPool({
      host,
      port,
      database,
      // Otherwise every certificate of a trusted authority would do, for whatever server.
      ...(tls ? { ssl: { verifyIdentity: true, minVersion: 'TLSv1.2' } } : {}),
      ...(login === undefined ? {} : { user: login.user, password: login.password }),
      connectTimeout: connectMillis,
      connectionLimit: maxConnections,
      // Otherwise a timer keeps the process alive.
      maxIdle: maxConnections,
    })
  }

  /**
   * Gives a task a connection. The connection is destroyed when the task takes longer than `millis`, and when it failed: the state of such a
   * connection is unknown.
   */
  async use<T>(millis: number, task: (connected: Connected) => Promise<T>): Promise<T> {
    const until = performance.now() + millis
    const connection = await this.#connect(millis)
    const stream = streamOf(connection)
    stream.ref()
    this.#open.add(connection)
    let failed = true
    try {
      const left = Math.max(1, until - performance.now())
      const result = await this.#within(left, async () =>
        task({ connection, settings: await this.#prepared(connection) }),
      )
      failed = false
      return result
    } finally {
      this.#open.delete(connection)
      stream.unref()
      if (failed) connection.destroy()
      else connection.release()
    }
  }

  async close(): Promise<void> {
    await this.#within(closeMillis, () => this.#pool.end()).catch(() => undefined)
    for (const connection of this.#open) connection.destroy()
  }

  async #connect(millis: number): Promise<PoolConnection> {
    const connecting = this.#pool.getConnection()
    let late = false
    // A connection that comes too late returns to the pool.
    connecting.then(
      (connection) => {
        if (!late) return
        streamOf(connection).unref()
        connection.release()
      },
      () => undefined,
    )
    return this.#within(millis, () => connecting).catch((error: unknown) => {
      late = true
      throw error
    })
  }

  async #prepared(connection: PoolConnection): Promise<ServerSettings> {
    const known = this.#known.get(connection.connection)
    if (known !== undefined) return known
    // Strict: what does not fit is an error, and never a shortened value. No locks of gaps: processes put side by side.
    await connection.query(`SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'`)
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT @@max_allowed_packet AS packet, @@innodb_flush_log_at_trx_commit AS flushed',
    )
    const settings = {
      packetBytes: Number(rows[0]?.['packet']),
      flushesCommits: Number(rows[0]?.['flushed']) === 1,
    }
    this.#known.set(connection.connection, settings)
    return settings
  }

  async #within<T>(millis: number, task: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const reason = `${this.#url}: no answer within ${Math.round(millis)} ms`
        reject(new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', reason))
      }, millis)
    })
    const running = task()
    running.catch(() => undefined)
    try {
      return await Promise.race([running, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

function streamOf({ connection }: PoolConnection): Socket {
  return (connection as unknown as { readonly stream: Socket }).stream
}
