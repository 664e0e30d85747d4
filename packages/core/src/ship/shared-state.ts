import { timing } from '../base/timing.js'
import type { HopLogStats } from '../log/entries.js'

const names = ['appended', 'bytes', 'shed', 'dropped', 'errors'] as const
const requestTurn = 0
const shippingTurn = 1
const firstCount = 2
const firstUnsaid = firstCount + names.length
const requestPeriod = firstUnsaid + 3
const slots = requestPeriod + 1

/**
 * State shared by the request thread and the shipping thread of a run. Each can read it even if the other
 * does not respond: when each thread last ran, on the clock that all threads share, and the counters of the
 * log.
 */
export class SharedState {
  private readonly slots: BigInt64Array

  /** @param memory The memory that the other thread made; if left out, it is made. */
  constructor(readonly memory = new SharedArrayBuffer(8 * slots)) {
    this.slots = new BigInt64Array(memory)
  }

  /** Call it when the request thread runs, with the time after which it will run again. */
  requestThreadTurns(counts: HopLogStats, periodMillis: number): void {
    for (const [index, name] of names.entries())
      Atomics.store(this.slots, firstCount + index, BigInt(counts[name]))
    const { fromNanos = 0n, toNanos = 0n, count = 0 } = counts.unsaid ?? {}
    for (const [index, value] of [fromNanos, toNanos, BigInt(count)].entries())
      Atomics.store(this.slots, firstUnsaid + index, value)
    Atomics.store(this.slots, requestPeriod, BigInt(periodMillis))
    Atomics.store(this.slots, requestTurn, process.hrtime.bigint())
  }

  /** Call it when the shipping thread runs. */
  shippingThreadTurns(): void {
    Atomics.store(this.slots, shippingTurn, process.hrtime.bigint())
  }

  /** Milliseconds since the request thread last ran. */
  requestThreadSilence(): number {
    return silence(Atomics.load(this.slots, requestTurn))
  }

  /** Whether the request thread should have run five times since, had it not been at rest, or busy. */
  isRequestThreadLate(): boolean {
    const periodMillis = Number(Atomics.load(this.slots, requestPeriod))
    return this.requestThreadSilence() >= timing.blockedMillis + Math.max(0, periodMillis - timing.turnMillis)
  }

  /** Whether the shipping thread has started. */
  shippingThreadTurned(): boolean {
    return Atomics.load(this.slots, shippingTurn) !== 0n
  }

  /**
   * Blocks this thread until the shipping thread runs, after `ask` has asked it to, or until the time has
   * passed. Returns whether it ran.
   */
  awaitShippingThread(millis: number, ask: () => void): boolean {
    const before = Atomics.load(this.slots, shippingTurn)
    const until = performance.now() + millis
    const pause = new Int32Array(new SharedArrayBuffer(4))
    ask()
    while (Atomics.load(this.slots, shippingTurn) === before) {
      if (performance.now() >= until) return false
      Atomics.wait(pause, 0, 0, 1)
    }
    return true
  }

  /** The log's counters when the request thread last ran. */
  counts(): HopLogStats {
    const [appended = 0, bytes = 0, shed = 0, dropped = 0, errors = 0] = names.map((_, index) =>
      Number(Atomics.load(this.slots, firstCount + index)),
    )
    const [fromNanos = 0n, toNanos = 0n, count = 0n] = [0, 1, 2].map((index) =>
      Atomics.load(this.slots, firstUnsaid + index),
    )
    const unsaid = count === 0n ? undefined : { fromNanos, toNanos, count: Number(count) }
    return { appended, bytes, shed, dropped, errors, unsaid }
  }
}

function silence(turnedAt: bigint): number {
  return turnedAt === 0n ? 0 : Number((process.hrtime.bigint() - turnedAt) / 1_000_000n)
}
