import { untilLastTracerCloses } from '../base/wrappers.js'
import type { Tracer } from './tracer.js'

/** The tracers that share one hook into something of the whole process, such as Node's HTTP client. */
export class TracerSet {
  private readonly tracers = new Set<Tracer>()
  private installed = false

  /** @param install puts the hook in, and gives what takes it out when the last tracer of the process closes. */
  constructor(private readonly install: () => () => void) {}

  add(tracer: Tracer): void {
    for (const one of this.tracers) if (!one.active) this.tracers.delete(one)
    if (!tracer.active) return
    this.tracers.add(tracer)
    if (this.installed) return
    this.installed = true
    const remove = this.install()
    untilLastTracerCloses(() => {
      this.installed = false
      this.tracers.clear()
      remove()
    })
  }

  /** The tracer whose hop is the current one. */
  get current(): Tracer | undefined {
    for (const tracer of this.tracers) {
      if (tracer.hop !== undefined && tracer.active) return tracer
    }
    return undefined
  }
}

/** Counts in `tracer.stats()` that something could not be recorded: a hook threw, and the application continues as without it. */
export function notRecorded(tracer: Tracer): void {
  tracer.currentRun.failed()
}
