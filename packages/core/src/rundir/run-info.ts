/** Who wrote a log: the header of every file, so that whoever finds one knows whose it is. */
export interface RunInfo {
  readonly service: string
  /** `ip:port` */
  readonly address: string
  readonly aliases: readonly string[]
  /** Foreign addresses under which it was reached before this file began; see `InstanceRow.reached`. */
  readonly reached: readonly string[]
  /** Names the boot of the machine; '' where that is not known. What was not synced may be missing after another boot. */
  readonly boot: string
  readonly worker: number
  /** When this run began; with address and worker it names the run. */
  readonly startNanos: bigint
  readonly host: string
  readonly pid: number
  /** Names the process among all that ever have its number here; left out where it may live longer than the run: in a worker thread. */
  readonly process?: string
  readonly endpoint: string | null
  /** Where the run ships to. */
  readonly storeUrl: string
  readonly buckets: number
  readonly windowMillis: number
}
