import type { Diagnostics } from '../base/diagnostics.js'
import { textOf } from '../base/message.js'
import type { RunInfo } from '../rundir/run-info.js'
import type { ShipStats } from '../ship/ship-stats.js'
import type { Recorder } from './recorder.js'

const nothing: ShipStats = { shipped: 0, errors: 0, dropped: 0, lagMillis: 0, unshippedRuns: 0 }

/**
 * A recorder of this thread whose code is loaded after the tracer was created: most processes record in a separate thread,
 * and never need it here. What happens before it is loaded is in the log, which it reads then.
 */
export class LateRecorder implements Recorder {
  readonly #loaded: Promise<Recorder>
  #recorder: Recorder | undefined
  #run: RunInfo | undefined

  constructor(load: () => Promise<Recorder>, diagnostics: Diagnostics) {
    this.#loaded = load().then((recorder) => {
      this.#recorder = recorder
      if (this.#run !== undefined) recorder.start(this.#run)
      return recorder
    })
    this.#loaded.catch((error: unknown) => {
      diagnostics('HOPTRACE_SHIP', `shipping cannot begin, records stay in the log: ${textOf(error)}`)
    })
  }

  start(run: RunInfo): void {
    this.#run = run
    this.#recorder?.start(run)
  }

  describe(run: RunInfo): void {
    this.#run = run
    this.#recorder?.describe(run)
  }

  relocated(runDir: string): void {
    this.#recorder?.relocated(runDir)
  }

  requestThreadTurns(): void {
    // It is this thread.
  }

  async flush(): Promise<void> {
    await (await this.#loaded).flush()
  }

  stats(): ShipStats {
    return this.#recorder?.stats() ?? nothing
  }

  exiting(): void {
    // Nothing of it runs in another thread.
  }

  async close(): Promise<void> {
    const recorder = await this.#loaded.catch(() => undefined)
    await recorder?.close()
  }
}
