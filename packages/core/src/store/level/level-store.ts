import { existsSync } from 'node:fs'
import path from 'node:path'
import { HoptraceError, isStoreLocked } from '../../errors.js'
import type { Row, ScanRange, Store } from '../contract.js'
import { checkRange } from '../scan-range.js'
import type { LevelHandle } from './level-handle.js'
import { openLevel } from './level-handle.js'

/** Where a level store is. */
export interface LevelLocation {
  /** One LevelDB directory, which must be there: how a resolver opens what a service wrote. */
  readonly dir?: string
  /** A directory of numbered ones, of which the first that no other process has open is taken, and made if need be. */
  readonly slotsIn?: string
}

/** Most processes of one service on one host. */
const slots = 1024

/**
 * A LevelDB directory. LevelDB lets one process at a time have a directory open; stores of one process share it.
 * A put is on disk (synced) when it resolves: its batch is large and written in the background, and the log files that held the
 * same records are deleted after it, so that even a loss of power takes only what was still in the log.
 * `url` is known once it is open.
 */
export function levelStore(location: LevelLocation): Store {
  if ((location.dir === undefined) === (location.slotsIn === undefined))
    throw new TypeError('a level store needs dir or slotsIn')
  return new LevelStore(location)
}

class LevelStore implements Store {
  readonly supports = { durable: true, shared: false, ttl: false }
  readonly #location: LevelLocation
  #dir: string
  #opening: Promise<LevelHandle> | undefined
  #closed = false

  constructor(location: LevelLocation) {
    this.#location = location
    this.#dir = path.resolve(location.dir ?? path.join(location.slotsIn as string, '0'))
  }

  get url(): string {
    return `level:${this.#dir}`
  }

  async open(): Promise<void> {
    await this.#handle()
  }

  async put(rows: readonly Row[]): Promise<void> {
    const { db } = await this.#handle()
    const operations = rows.map(({ key, value }) => ({ type: 'put' as const, key, value }))
    await this.#guard(() => db.batch(operations, { sync: true }))
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    checkRange(range)
    const { from, to, limit, signal } = range
    signal?.throwIfAborted()
    const { db } = await this.#handle()
    signal?.throwIfAborted()
    const entries = await this.#guard(() =>
      db.iterator({ gte: from, lt: to, limit, highWaterMarkBytes: 1 << 20, ...(signal && { signal }) }).all(),
    )
    return entries.map(([key, value]) => ({ key, value }))
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    const { db } = await this.#handle()
    await this.#guard(() => db.clear({ gte: from, lt: to }))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const handle = await this.#opening?.catch(() => undefined)
    await handle?.release()
  }

  #handle(): Promise<LevelHandle> {
    if (this.#closed) return Promise.reject(this.#closedError())
    this.#opening ??= this.#open().catch((error: unknown) => {
      // The next call tries again: a lock may be gone by then.
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #open(): Promise<LevelHandle> {
    const { dir, slotsIn } = this.#location
    if (slotsIn === undefined) {
      if (!existsSync(path.join(dir as string, 'CURRENT'))) {
        throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `there is no store at ${this.url}`)
      }
      return openLevel(this.#dir)
    }
    for (let slot = 0; slot < slots; slot++) {
      this.#dir = path.resolve(slotsIn, String(slot))
      try {
        return await openLevel(this.#dir)
      } catch (error) {
        if (!isStoreLocked(error)) throw error
      }
    }
    throw new HoptraceError(
      'HOPTRACE_STORE_LOCKED',
      `other processes have all ${slots} stores in ${slotsIn} open`,
    )
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (cause) {
      if (this.#closed) throw this.#closedError()
      if (
        cause instanceof Error &&
        (cause.name === 'AbortError' || ('code' in cause && cause.code === 'LEVEL_ABORTED'))
      )
        throw cause
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${this.url} failed: ${String(cause)}`, { cause })
    }
  }

  #closedError(): HoptraceError {
    return new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
  }
}
