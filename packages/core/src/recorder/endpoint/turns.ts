import { setTimeout as sleep } from 'node:timers/promises'

interface Waiting {
  readonly asker: string
  readonly go: () => void
}

/**
 * Whose turn it is among questions that share a thread with shipping. One question works in each turn of the event loop, askers
 * after one another, so that whatever else the thread does waits for one slice of work at most. While there is much to ship, a question
 * takes half of the time at most.
 */
export class Turns {
  private waiting: Waiting[] = []
  private running = false
  private last = ''
  private begunAt = 0

  /** `isBusy`: is there something to ship now? */
  constructor(private readonly isBusy: () => boolean = () => false) {}

  /** Resolves in a later turn of the event loop, when it is the asker's. */
  next(asker: string): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ asker, go: resolve })
      if (this.running) return
      this.running = true
      setImmediate(() => this.pass())
    })
  }

  private pass(): void {
    // The next one of another asker, if there is one.
    const index = Math.max(
      0,
      this.waiting.findIndex(({ asker }) => asker !== this.last),
    )
    const [chosen] = this.waiting.splice(index, 1)
    if (chosen === undefined) {
      this.running = false
      return
    }
    this.last = chosen.asker
    this.begunAt = performance.now()
    chosen.go()
    // After what it does now.
    setImmediate(() => void this.rest())
  }

  private async rest(): Promise<void> {
    const took = performance.now() - this.begunAt
    if (this.isBusy()) await sleep(Math.min(100, took))
    this.pass()
  }
}

/** A question's work in slices. */
export class Slices {
  /** How long it has worked, milliseconds. */
  worked = 0
  private since = performance.now()

  constructor(
    private readonly turns: Turns,
    private readonly asker: string,
    private readonly signal: AbortSignal,
    private readonly sliceMillis = 10,
  ) {}

  /** Is the slice over? Then `rest` has to be awaited. */
  get isOver(): boolean {
    return performance.now() - this.since >= this.sliceMillis
  }

  /** Lets others work. Rejects when the asker has gone. */
  async rest(): Promise<void> {
    this.worked += performance.now() - this.since
    this.signal.throwIfAborted()
    await this.turns.next(this.asker)
    this.signal.throwIfAborted()
    this.since = performance.now()
  }

  /** What it waited for was no work. */
  resumed(): void {
    this.since = performance.now()
  }
}
