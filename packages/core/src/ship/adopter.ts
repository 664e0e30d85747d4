import { timing } from '../base/timing.js'
import type { RunInfo } from '../rundir/run-info.js'
import { existsSync } from '../files/index.js'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Diagnostics } from '../base/diagnostics.js'
import type { AskersKeys } from '../key/index.js'
import type { Store } from '../store/contract.js'
import type { Registry } from '../record/instance-row.js'
import { openSigned, shipDeadRuns } from './adopt.js'
import { failedAgain, type FailedRun, isPutOff, readFailedRun } from '../rundir/failed-run.js'

export interface AdopterOptions {
  readonly dataDir: string
  readonly service: string
  readonly registry: Registry
  readonly keys?: AskersKeys
  /** The open store of this process. */
  readonly store: Store
  /** That store's URL, as the logs of its runs have it. */
  readonly storeUrl: string
  readonly diagnostics: Diagnostics
  /** How often to look for dead runs of the own service. @default 5000 */
  readonly lookMillis?: number
  /** The clock for the pauses between two attempts at one run, in milliseconds. @default Date.now */
  readonly nowMillis?: () => number
}

/** A reason with changing words must not become a warning each time. */
const maxReasons = 3

/** A run that this process, or another one, could not ship. */
interface Left {
  readonly reasons: Set<string>
  failed: FailedRun
}

/** Ships the logs of dead runs on this host while this process lives. */
export class Adopter {
  private readonly options: AdopterOptions
  private readonly abort = new AbortController()
  private readonly done: Promise<void>
  private readonly left = new Map<string, Left>()

  constructor(options: AdopterOptions) {
    this.options = options
    this.done = this.watch()
  }

  /** Resolves when the work in progress is finished. */
  async close(): Promise<void> {
    this.abort.abort()
    await this.done
  }

  /** Dead runs that could not be shipped and are still here. */
  get unshippedRuns(): number {
    return this.left.size
  }

  private async watch(): Promise<void> {
    const { signal } = this.abort
    const { lookMillis = timing.adoptMillis } = this.options
    let othersAt = this.now() + timing.adoptOthersMillis
    while (!signal.aborted) {
      const others = this.now() >= othersAt
      if (others) othersAt = this.now() + timing.adoptOthersMillis
      await this.adopt(others).catch(() => undefined)
      await sleep(lookMillis, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  private async adopt(others: boolean): Promise<void> {
    const { dataDir, service, registry, keys, diagnostics } = this.options
    const { left } = await shipDeadRuns({
      dataDir,
      registry,
      diagnostics,
      ...(keys === undefined ? {} : { keys }),
      signal: this.abort.signal,
      openStore: (run, signed) => this.storeOf(run, signed),
      passOver: (runDir) => this.isPutOff(runDir),
      nowMillis: () => this.now(),
      ...(others ? {} : { service }),
    })
    for (const { runDir, reason } of left) this.failed(runDir, reason)
    for (const runDir of this.left.keys()) if (!existsSync(runDir)) this.left.delete(runDir)
  }

  /** Each attempt reads the whole log again. So attempts are rare, whichever process makes them. */
  private isPutOff(runDir: string): boolean {
    const failed = readFailedRun(runDir) ?? this.left.get(runDir)?.failed
    if (failed === undefined || !isPutOff(failed, this.now())) return false
    this.keep(runDir, failed)
    return true
  }

  private failed(runDir: string, reason: string): void {
    const before = this.left.get(runDir)?.failed
    this.keep(runDir, readFailedRun(runDir) ?? failedAgain(before, reason, this.now()))
  }

  /** Warns once for each reason. */
  private keep(runDir: string, failed: FailedRun): void {
    const { reasons } = this.left.get(runDir) ?? { reasons: new Set<string>() }
    this.left.set(runDir, { reasons, failed })
    const { reason } = failed
    if (reasons.has(reason) || reasons.size >= maxReasons) return
    reasons.add(reason)
    this.options.diagnostics(
      'HOPTRACE_ADOPT',
      `a dead run is not shipped yet, it stays in ${runDir}: ${reason}`,
    )
  }

  private now(): number {
    return (this.options.nowMillis ?? Date.now)()
  }

  private storeOf(run: RunInfo, signed: boolean): Store {
    const { store, storeUrl, dataDir } = this.options
    return run.storeUrl === storeUrl ? lent(store) : openSigned(run, signed, dataDir)
  }
}

/** The store without its `close`, because its owner closes it. */
function lent(store: Store): Store {
  const close = async (): Promise<void> => undefined
  return {
    get url() {
      return store.url
    },
    supports: store.supports,
    open: () => store.open(),
    put: (rows) => store.put(rows),
    scan: (range) => store.scan(range),
    close,
    ...(store.deleteRange === undefined ? {} : { deleteRange: store.deleteRange.bind(store) }),
  }
}
