import { type AdoptOptions, shipDeadRuns } from './adopt.js'

const firstPauseMillis = 2000
const maxPauseMillis = 60_000

/** Adopts dead runs at once and then every few seconds. */
export class DeadRunWatch {
  private readonly abort = new AbortController()
  private readonly timer: NodeJS.Timeout
  private running: Promise<void> | undefined
  private readonly failed = new Map<string, { reason: string; times: number; retryAt: number }>()

  /** @param everyMillis Default: 5000. */
  constructor(
    private readonly options: Omit<AdoptOptions, 'signal' | 'skip'>,
    everyMillis = 5000,
  ) {
    this.timer = setInterval(() => this.look(), everyMillis)
    this.look()
  }

  /** Ends after the run that is being shipped. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    this.abort.abort()
    await this.running
  }

  private look(): void {
    this.running ??= this.adopt().finally(() => {
      this.running = undefined
    })
  }

  private async adopt(): Promise<void> {
    try {
      const { left } = await shipDeadRuns({
        ...this.options,
        signal: this.abort.signal,
        skip: (runDir) => performance.now() < (this.failed.get(runDir)?.retryAt ?? 0),
      })
      for (const { runDir, reason } of left) this.tell(runDir, reason)
    } catch (error) {
      this.tell(this.options.dataDir, error instanceof Error ? error.message : String(error))
    }
  }

  /** One line a run and reason; what fails again and again is tried more and more rarely. */
  private tell(runDir: string, reason: string): void {
    const known = this.failed.get(runDir)
    const times = (known?.times ?? 0) + 1
    const retryAt = performance.now() + Math.min(maxPauseMillis, firstPauseMillis * 2 ** times)
    this.failed.set(runDir, { reason, times, retryAt })
    if (known?.reason === reason) return
    this.options.diagnostics?.('HOPTRACE_LEFT', `the log of a dead run stays in ${runDir}: ${reason}`)
  }
}
