/** Describes the writer of a log. It is in the header of every file, so that an adopter knows the run. */
export interface RunInfo {
  readonly service: string
  /** `ip:port` */
  readonly address: string
  readonly aliases: readonly string[]
  /** Foreign addresses under which the run was reached before this file began; see `InstanceRow.reached`. */
  readonly reached: readonly string[]
  /** Names the boot of the machine; '' if unknown. After another boot, unsynced bytes may be missing. */
  readonly boot: string
  readonly worker: number
  /** When this run began. Address, worker and this time identify the run. */
  readonly startNanos: bigint
  readonly host: string
  readonly pid: number
  /**
   * Identifies the process among all that ever have its number here; left out in a worker thread, whose
   * process may outlive the run.
   */
  readonly process?: string
  readonly endpoint: string | null
  /** The store that the run ships to. */
  readonly storeUrl: string
  readonly buckets: number
  readonly windowMillis: number
}
