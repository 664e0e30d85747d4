import { setTimeout as sleep } from 'node:timers/promises'
import type { RunInfo } from '../log/entries.js'
import type { Store } from '../store/contract.js'
import type { InstanceRow, Registry } from '../store/instance-row.js'
import type { Outage } from './outage.js'
import { runRow } from './run-row.js'
import type { RunShipping } from './run-shipping.js'

/** How long a heartbeat waits for the registry to be read. */
const patienceMillis = 1500

export interface RunRegistrarOptions {
  readonly runDir: string
  readonly run: RunInfo
  readonly store: Store
  readonly registry: Registry
  readonly engine: RunShipping
  readonly outage: Outage
}

/** Keeps a living run's row in the registry, and asks there what an earlier run on its address has shipped. */
export class RunRegistrar {
  state: InstanceRow['state'] = 'running'
  watermarkNanos = 0n
  /** Is it known which windows an earlier run may have cut? Until then the first lane stays closed. */
  firstLaneOpen = false
  private beating: Promise<void> | undefined
  private opening: Promise<void> | undefined

  /** What its row says that does not come from shipping. */
  run: RunInfo

  constructor(private readonly options: RunRegistrarOptions) {
    this.run = options.run
  }

  /** The row as it is now. Its watermark never goes back. */
  row(): InstanceRow {
    const { runDir, store, engine } = this.options
    const through = engine.watermark()
    if (through > this.watermarkNanos) this.watermarkNanos = through
    return runRow(this.run, {
      runDir,
      stores: [store.url],
      // On the clock of the ids, which does not go back when the time is set back.
      heartbeatMillis: Math.max(Date.now(), Number(engine.table.markedNanos / 1_000_000n)),
      shippedThroughNanos: this.watermarkNanos,
      dropped: engine.table.dropped,
      loggedThrough: [0, 0],
      state: this.state,
    })
  }

  /** Says in the registry that the run lives. Calls while one is on its way share it. */
  beat(): Promise<void> {
    this.beating ??= this.put().finally(() => {
      this.beating = undefined
    })
    return this.beating
  }

  /** After the row that is on its way. */
  async lastBeat(state: InstanceRow['state']): Promise<void> {
    await this.beating?.catch(() => undefined)
    this.state = state
    await this.beat()
  }

  async settled(): Promise<void> {
    await this.beating?.catch(() => undefined)
  }

  private async put(): Promise<void> {
    const { registry, outage } = this.options
    try {
      // A registry that cannot be read must not keep others from being written.
      const [written, opened] = await Promise.allSettled([registry.put(this.row()), this.firstLane()])
      if (written.status === 'rejected') throw written.reason
      if (opened.status === 'rejected') throw opened.reason
      outage.succeeded()
    } catch (error) {
      outage.failed(error)
      throw error
    }
  }

  /** Waits for the registry to be read, but not for long: reading goes on, and the row is put again meanwhile. */
  private async firstLane(): Promise<void> {
    if (this.firstLaneOpen) return
    this.opening ??= this.openFirstLane().finally(() => {
      this.opening = undefined
    })
    const enough = new AbortController()
    const late = sleep(patienceMillis, undefined, { signal: enough.signal, ref: false }).catch(
      () => undefined,
    )
    await Promise.race([this.opening, late]).finally(() => enough.abort())
  }

  /** The first lane is open to windows that begin after this run did, and after all that an earlier run on its address shipped. */
  private async openFirstLane(): Promise<void> {
    const { run, registry, engine } = this.options
    let from = run.startNanos
    for (const row of await registry.list()) {
      if (row.address !== run.address || row.worker !== run.worker || row.startNanos === run.startNanos)
        continue
      if (row.shippedThroughNanos > from) from = row.shippedThroughNanos
    }
    engine.windows.closeBelow(Number(from / (BigInt(run.windowMillis) * 1_000_000n)) + 1)
    this.firstLaneOpen = true
  }
}
