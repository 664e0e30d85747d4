import { SingleFlight } from '../base/single-flight.js'
import type { RunInfo } from '../rundir/run-info.js'
import type { Store } from '../store/contract.js'
import type { DroppedRange, InstanceRow, Registry } from '../record/instance-row.js'
import type { Outage } from './outage.js'
import { runRow } from '../rundir/run-row.js'
import { keeps } from '../store/retention.js'
import { RegistryLate } from '../store/registry/composed-registry.js'
import { timing } from '../base/timing.js'
import type { RunShipping } from './run-shipping.js'

export interface RunRegistrarOptions {
  readonly runDir: string
  readonly run: RunInfo
  readonly store: Store
  readonly registry: Registry
  readonly engine: RunShipping
  readonly outage: Outage
  /** What the run's log dropped and could not say yet. */
  readonly unsaid: () => DroppedRange | undefined
  /** How long records are kept, in seconds. @default for ever */
  readonly ttlSeconds?: number | undefined
}

/** Keeps a living run's row in the registry. */
export class RunRegistrar {
  state: InstanceRow['state'] = 'running'
  watermarkNanos = 0n
  /** What its service has deleted because of `maxBytes`, as far as this run knows. */
  deletedBeforeNanos: bigint | undefined
  private readonly beating = new SingleFlight(() => this.put())

  /** The part of its row that does not come from shipping. */
  run: RunInfo
  private isRegistered = false
  private readonly beganMillis = performance.now()

  constructor(private readonly options: RunRegistrarOptions) {
    this.run = options.run
  }

  /** The current row. Its watermark never goes back. */
  row(): InstanceRow {
    const { runDir, store, engine, unsaid, ttlSeconds } = this.options
    const through = engine.watermark()
    if (through > this.watermarkNanos) this.watermarkNanos = through
    return runRow(this.run, {
      runDir,
      stores: [store.url],
      ...keeps(ttlSeconds),
      bytes: engine.bytes.entries,
      deletedBeforeNanos: this.deletedBeforeNanos,
      // The clock of the ids does not go back when the time is set back.
      heartbeatMillis: Math.max(Date.now(), Number(engine.table.markedNanos / 1_000_000n)),
      shippedThroughNanos: this.watermarkNanos,
      dropped: engine.dropped(unsaid()),
      loggedThrough: [engine.position.file, engine.position.offset],
      state: this.state,
    })
  }

  /** Registers that the run lives. Calls during a put share it. */
  beat(): Promise<void> {
    return this.beating.run()
  }

  /** Waits for the put in progress first. */
  async lastBeat(state: InstanceRow['state']): Promise<void> {
    await this.beating.settled()
    this.state = state
    await this.beat()
  }

  async settled(): Promise<void> {
    await this.beating.settled()
  }

  private async put(): Promise<void> {
    const { registry, outage } = this.options
    try {
      await registry.put(this.row())
      this.isRegistered = true
      outage.succeeded()
    } catch (error) {
      if (!this.mayBeMaking(error)) outage.failed(error)
      throw error
    }
  }

  /** Whether the registry may be late because its table is being made, as at the first start with a store. */
  private mayBeMaking(error: unknown): boolean {
    return (
      error instanceof RegistryLate &&
      !this.isRegistered &&
      performance.now() - this.beganMillis < timing.firstRowMillis
    )
  }
}
