import type { HopRecord } from '@hoptrace/core/store'

/** A store under measure. */
export interface Measured {
  readonly name: string
  put(records: readonly HopRecord[]): Promise<void>
  lookup(record: HopRecord): Promise<HopRecord | undefined>
  /** How many hops there are from a time to another. */
  range(fromNanos: bigint, toNanos: bigint): Promise<number>
  /** How many hops have a business key, 100 at most. */
  find(name: string, value: string): Promise<number>
  /** Bytes that the hops take. */
  bytes(): Promise<number>
  /** SIGKILL of the server, and a new start. Undefined where no server is. */
  readonly crash?: () => Promise<void>
  close(): Promise<void>
}
