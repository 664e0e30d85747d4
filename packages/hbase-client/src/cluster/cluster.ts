import { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import { positive, type Settings } from '../options.js'
import { Pool } from '../rpc/pool.js'
import { retrying } from '../retry.js'
import { Locator } from './locator.js'
import { Registry } from './registry.js'
import type { Region } from './region.js'

/** Options of an operation: how long it may take, and a signal that may end it earlier. */
export interface CallOptions {
  /** @default the client's `timeoutMillis` */
  readonly timeoutMillis?: number
  readonly signal?: AbortSignal
}

/** After this many failed attempts, the client checks whether the table is disabled. */
const suspectAfterAttempts = 2

/** State that all operations of a client share. */
export class Cluster {
  readonly settings: Settings
  readonly pool: Pool
  readonly registry: Registry
  readonly locator: Locator

  constructor(settings: Settings) {
    this.settings = settings
    this.pool = new Pool(settings)
    this.registry = new Registry(settings, this.pool)
    this.locator = new Locator(settings, this.pool, this.registry)
  }

  /** The deadline of an operation that begins now. Throws `TypeError` for an invalid time. */
  deadline({ timeoutMillis, signal }: CallOptions): Deadline {
    return new Deadline(positive('timeoutMillis', timeoutMillis, this.settings.timeoutMillis), signal)
  }

  /** The region of a row, from the cache if possible. */
  async region(table: string, row: Buffer, deadline: Deadline): Promise<Region> {
    return this.locator.known(table, row) ?? (await this.locator.locate(table, row, deadline))
  }

  /** Call it after a failed attempt: it forgets the region if the region is elsewhere. */
  noteFailure(region: Region, error: unknown): void {
    if (error instanceof HBaseError && error.recovery === 'elsewhere') this.locator.forget(region)
  }

  /**
   * Call it before another attempt: it throws if the table is disabled or gone, because retries could not
   * help.
   */
  async checkBefore(attempt: number, table: string, deadline: Deadline): Promise<void> {
    if (attempt >= suspectAfterAttempts) await this.locator.checkTable(table, deadline)
  }

  /** Runs `work` on the region of a row. Retries, on another server if necessary, while a retry may help. */
  onRegion<T>(
    table: string,
    row: Buffer,
    deadline: Deadline,
    work: (region: Region) => Promise<T>,
  ): Promise<T> {
    return retrying(deadline, async (attempt) => {
      if (attempt > 0) await this.checkBefore(attempt, table, deadline)
      const region = await this.region(table, row, deadline)
      try {
        return await work(region)
      } catch (error) {
        this.noteFailure(region, error)
        throw error
      }
    })
  }
}
