import { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import { positive, type Settings } from '../options.js'
import { Pool } from '../rpc/pool.js'
import { retrying } from '../retry.js'
import { Locator } from './locator.js'
import { Registry } from './registry.js'
import type { Region } from './region.js'

/** Of an operation: how long it may take, and what may end it earlier. */
export interface CallOptions {
  /** @default the client's `timeoutMillis` */
  readonly timeoutMillis?: number
  readonly signal?: AbortSignal
}

/** From this failed attempt on, a table is suspected to be disabled. */
const suspectAfterAttempts = 2

/** What all operations of a client share. */
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

  /** The deadline of an operation that begins now. Throws `TypeError` for a time that cannot be meant. */
  deadline({ timeoutMillis, signal }: CallOptions): Deadline {
    return new Deadline(positive('timeoutMillis', timeoutMillis, this.settings.timeoutMillis), signal)
  }

  /** The region of a row, from memory where possible. */
  async region(table: string, row: Buffer, deadline: Deadline): Promise<Region> {
    return this.locator.known(table, row) ?? (await this.locator.locate(table, row, deadline))
  }

  /** After an attempt failed: forgets the region if it is elsewhere. */
  noteFailure(region: Region, error: unknown): void {
    if (error instanceof HBaseError && error.recovery === 'elsewhere') this.locator.forget(region)
  }

  /** Before another attempt: throws when the table is disabled or gone, so that nobody waits for it in vain. */
  async checkBefore(attempt: number, table: string, deadline: Deadline): Promise<void> {
    if (attempt >= suspectAfterAttempts) await this.locator.checkTable(table, deadline)
  }

  /** Runs `work` on the region of a row, again and elsewhere as long as that may help. */
  async onRegion<T>(
    table: string,
    row: Buffer,
    deadline: Deadline,
    work: (region: Region) => Promise<T>,
  ): Promise<T> {
    return retrying(deadline, async (attempt) => {
      await this.checkBefore(attempt, table, deadline)
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
