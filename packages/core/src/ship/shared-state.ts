import type { HopLogStats } from '../log/entries.js'

const names = ['appended', 'bytes', 'shed', 'dropped', 'errors'] as const
const requestTurn = 0
const shippingTurn = 1
const firstCount = 2

/**
 * What the request thread and the shipping thread of a run know of each other though one of them answers nothing: when each last
 * took its turn, on the clock that all threads share, and what the log counts.
 */
export class SharedState {
  private readonly slots: BigInt64Array

  /** @param memory What the other thread made; left out, it is made. */
  constructor(readonly memory = new SharedArrayBuffer(8 * (firstCount + names.length))) {
    this.slots = new BigInt64Array(memory)
  }

  /** The request thread took a turn. */
  requestThreadTurns(counts: HopLogStats): void {
    for (const [index, name] of names.entries())
      Atomics.store(this.slots, firstCount + index, BigInt(counts[name]))
    Atomics.store(this.slots, requestTurn, process.hrtime.bigint())
  }

  /** The shipping thread took a turn. */
  shippingThreadTurns(): void {
    Atomics.store(this.slots, shippingTurn, process.hrtime.bigint())
  }

  /** Milliseconds since the request thread took a turn. */
  requestThreadSilence(): number {
    return silence(Atomics.load(this.slots, requestTurn))
  }

  /** Has the shipping thread begun? */
  shippingThreadTurned(): boolean {
    return Atomics.load(this.slots, shippingTurn) !== 0n
  }

  /**
   * Waits in this thread until the shipping thread takes a turn, which `ask` asks it for, or until the time has passed. Says
   * whether it took one.
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

  /** What the log of the request thread counted by its last turn. */
  counts(): HopLogStats {
    const [appended = 0, bytes = 0, shed = 0, dropped = 0, errors = 0] = names.map((_, index) =>
      Number(Atomics.load(this.slots, firstCount + index)),
    )
    return { appended, bytes, shed, dropped, errors }
  }
}

function silence(turnedAt: bigint): number {
  return turnedAt === 0n ? 0 : Number((process.hrtime.bigint() - turnedAt) / 1_000_000n)
}
