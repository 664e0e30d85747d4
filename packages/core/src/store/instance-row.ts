/** Ids whose record an instance could not keep: nothing about this range may be concluded from absence. */
export interface DroppedRange {
  readonly fromNanos: bigint
  readonly toNanos: bigint
  readonly count: number
}

/**
 * The registry's row of one run of one instance. Key: address, worker, start time. Written by the instance itself (and by
 * whoever adopts its log after its death); read by resolvers. Stored data is hostile input: readers validate it.
 */
export interface InstanceRow {
  readonly service: string
  /** `ip:port` */
  readonly address: string
  /** Its other `ip:port`: every listening socket of the process, and the given ones. */
  readonly aliases: readonly string[]
  /**
   * Foreign addresses (`ip:port`, or `name:port` as dialled) in ids that it took: proxies, published ports and virtual
   * addresses that lead to it. Least recently met first, 64 at most.
   */
  readonly reached: readonly string[]
  readonly worker: number
  readonly startNanos: bigint
  readonly host: string
  readonly pid: number
  /** Base URL of its live endpoint, `http://127.0.0.1:4003/_hoptrace/v1`, or null when it does not listen. */
  readonly endpoint: string | null
  /** Where its records are: store URLs, the newest last. */
  readonly stores: readonly string[]
  /** Salt buckets that its store's keys use. */
  readonly buckets: number
  /** Width of its windows. */
  readonly windowMillis: number
  /** The directory of its log, relative to the data directory: `logs/<service>/<run>`. */
  readonly logDir: string
  /** How much of the log was written by the heartbeat: number of the last file, bytes in it. A reader that finds less knows that its end is missing. */
  readonly loggedThrough: readonly [file: number, offset: number]
  /** Milliseconds since the epoch. */
  readonly heartbeatMillis: number
  /** Every hop known to it with an id time up to here is in the store, in some version. */
  readonly shippedThroughNanos: bigint
  readonly dropped: readonly DroppedRange[]
  /** `stopped`: it closed, all is shipped. `dead`: its log was adopted and is shipped to the end. */
  readonly state: 'running' | 'stopped' | 'dead'
}

/** Rows of instances, and what is missing among them. */
export interface InstanceRows extends ReadonlyArray<InstanceRow> {
  /** Why rows may be missing, a text for each registry that could not be read: from the absence of a row nothing may be concluded. */
  readonly unread?: readonly string[]
}

/** Where instances are looked up. Implementations: files in the data directory, rows in a store, several at once. */
export interface Registry {
  /** What it is, for messages. */
  readonly name?: string
  /** All rows; rejects when some may be missing. */
  list(): Promise<readonly InstanceRow[]>
  /** What can be read now. Rejects when nothing can. Without it, `list` is all there is. */
  listKnown?(): Promise<InstanceRows>
  put(row: InstanceRow): Promise<void>
  close(): Promise<void>
}
