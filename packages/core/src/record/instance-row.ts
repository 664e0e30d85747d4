import type { BytesByTime } from './byte-counts.js'

/** Ids whose record an instance could not keep: nothing about this range may be concluded from absence. */
export interface DroppedRange {
  readonly fromNanos: bigint
  readonly toNanos: bigint
  readonly count: number
}

/**
 * The registry's row of one run of one instance. Key: address, worker, start time. Written by the instance
 * itself (and, after its death, by the adopter of its log); read by resolvers. Stored data is hostile input:
 * readers validate it.
 */
export interface InstanceRow {
  readonly service: string
  /** `ip:port` */
  readonly address: string
  /** Its other `ip:port`: every listening socket of the process, and the given ones. */
  readonly aliases: readonly string[]
  /**
   * Foreign addresses (`ip:port`, or `name:port` as dialled) in ids that it took: proxies, published ports
   * and virtual addresses that lead to it; and the destinations (`kafka://orders.placed`) of messages that it
   * consumes. Least recently met first, `maxReached` at most.
   */
  readonly reached: readonly string[]
  readonly worker: number
  readonly startNanos: bigint
  readonly host: string
  /** Names the boot of its machine; '' where that is not known. */
  readonly boot: string
  readonly pid: number
  /** Base URL of its live endpoint, `http://127.0.0.1:4003/_hoptrace/v1`, or null when it does not listen. */
  readonly endpoint: string | null
  /**
   * Where its records are: store URLs, the newest last. In a registry, level stores below the data directory
   * are named relative to it: `level:stores/<service>`. In memory they are absolute, unless the data
   * directory is not here.
   */
  readonly stores: readonly string[]
  /** Salt buckets that its store's keys use. */
  readonly buckets: number
  /** Width of its windows. */
  readonly windowMillis: number
  /** How long its store keeps a record, in seconds; left out when that is for ever, or not known. */
  readonly keepsSeconds?: number
  /** Bytes of keys and values that it has put into its store; left out before the first. */
  readonly bytes?: BytesByTime
  /** Its service has deleted older ids from the run's store, because the records took more than `maxBytes`. */
  readonly deletedBeforeNanos?: bigint
  /** The directory of its log, relative to the data directory: `logs/<service>/<run>`. */
  readonly logDir: string
  /**
   * How much of the log was written by the heartbeat: number of the last file, bytes in it. A reader that
   * finds less knows that its end is missing.
   */
  readonly loggedThrough: readonly [file: number, offset: number]
  /** Milliseconds since the epoch. */
  readonly heartbeatMillis: number
  /** Every hop known to it with an id time up to here is in the store, in some version. */
  readonly shippedThroughNanos: bigint
  readonly dropped: readonly DroppedRange[]
  /** `stopped`: it closed, all is shipped. `dead`: its log was adopted and is shipped to the end. */
  readonly state: 'running' | 'stopped' | 'dead'
}

/** A row has no more entries in `reached`: a run with as many may have forgotten some. */
export const maxReached = 64

/** What a registry answers. */
export interface RegistryRows {
  readonly rows: readonly InstanceRow[]
  /**
   * Why rows may be missing: a text for each registry that could not be read, and for each row that is
   * damaged, of a newer version, unsigned or under another key. Bounded in number; the last text counts the
   * rest. Unless it is empty, the absence of a row proves nothing.
   */
  readonly unread: readonly string[]
}

/**
 * Which rows may be deleted: of runs that have ended, and whose last sign of life is so old that their last record has expired. Runs of
 * other services go by what their own rows say of that.
 */
export interface EndedRuns {
  readonly service: string
  /** Of this service, milliseconds since the epoch. */
  readonly beforeMillis: number
  /** Runs of this service that have only this store end earlier: its records were deleted up to this time. */
  readonly deleted?: { readonly url: string; readonly beforeMillis: number } | undefined
  /** Nothing more is looked at when it fires. */
  readonly signal?: AbortSignal
}

/**
 * Where instances are looked up. Implementations: files in the data directory, rows in a store, several at
 * once.
 */
export interface Registry {
  /** What it is, for messages. */
  readonly name?: string
  /** What can be read, and in `unread` what cannot. Rejects when nothing can. It changes nothing. */
  list(): Promise<RegistryRows>
  put(row: InstanceRow): Promise<void>
  /** Deletes rows of ended runs, for a writer; bounded work. Returns how many were deleted. */
  removeEnded?(ended: EndedRuns): Promise<number>
  /** Left out by a registry that is read as a whole, always. */
  readonly byName?: RowsByName | undefined
  close(): Promise<void>
}

/** A registry that may have more rows than are worth reading for one question. */
export interface RowsByName {
  /** Whether it has. It costs a read until it is known. */
  isLarge(): Promise<boolean>
  /**
   * Every row of each service of which at least one row has one of these names (see `rowNames`). Undefined
   * when these are too many, too, or when one may be missing.
   */
  rowsOf(names: readonly string[]): Promise<readonly InstanceRow[] | undefined>
}

/** The last sign of life of a run, in nanoseconds since the epoch. */
export function heartbeatNanos({ heartbeatMillis }: Pick<InstanceRow, 'heartbeatMillis'>): bigint {
  return BigInt(Math.floor(heartbeatMillis)) * 1_000_000n
}

/** What tells one run of an instance from all others, also in questions: `address,worker,startNanos`. */
export function runName(run: Pick<InstanceRow, 'address' | 'worker' | 'startNanos'>): string {
  return `${run.address},${run.worker},${run.startNanos}`
}
