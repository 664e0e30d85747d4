import { existsSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HoptraceError } from '@hoptrace/core/store'

const scheme = 'sqlite:'

/** `sqlite:/path/of/a.db`: one file a service. @type {import('@hoptrace/core/store').StoreDriver} */
export const driver = {
  open: (url, making) => new SqliteStore(url, path.resolve(url.slice(scheme.length)), making !== undefined),
}

/** Sorted rows in one table. SQLite's write-ahead log lets other processes read while one writes. */
class SqliteStore {
  supports = { durable: true, shared: true, ttl: false }
  #file
  #make
  #db
  #closed = false

  constructor(url, file, make) {
    this.url = url
    this.#file = file
    this.#make = make
  }

  async open() {
    this.#open()
  }

  async put(rows) {
    const db = this.#open()
    this.#run(() => {
      db.exec('BEGIN IMMEDIATE')
      try {
        const insert = db.prepare('INSERT OR REPLACE INTO rows (key, value) VALUES (?, ?)')
        for (const { key, value } of rows) insert.run(key, value)
        db.exec('COMMIT')
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    })
  }

  async scan({ from, to, limit, signal }) {
    signal?.throwIfAborted()
    if (!(limit > 0)) throw new TypeError(`limit must be a whole number above 0 (got ${limit})`)
    const db = this.#open()
    return this.#run(() =>
      db
        .prepare('SELECT key, value FROM rows WHERE key >= ? AND key < ? ORDER BY key LIMIT ?')
        .all(from, to, limit),
    )
  }

  async deleteRange(from, to) {
    const db = this.#open()
    this.#run(() => db.prepare('DELETE FROM rows WHERE key >= ? AND key < ?').run(from, to))
  }

  async close() {
    this.#closed = true
    this.#db?.close()
    this.#db = undefined
  }

  #open() {
    if (this.#closed) throw new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
    if (this.#db !== undefined) return this.#db
    if (!this.#make && !existsSync(this.#file))
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `there is no store ${this.url}`)
    return this.#run(() => {
      const db = new DatabaseSync(this.#file, { readOnly: !this.#make, timeout: 5000 })
      if (this.#make) {
        db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
        db.exec('CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID')
      }
      return (this.#db = db)
    })
  }

  /** A failure of the database is never an absence: it rejects with a code that hoptrace knows. */
  #run(work) {
    try {
      return work()
    } catch (error) {
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${this.url}: ${error.message}`, { cause: error })
    }
  }
}
