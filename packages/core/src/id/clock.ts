import { splitWords } from './hex.js'

/** Where time comes from. The default is the process's own; tests bring another. */
export interface ClockSource {
  /** A monotonic clock of any origin: whole seconds, and nanoseconds below one second, as `process.hrtime()` gives them. */
  readonly hrtime: () => readonly [seconds: number, nanos: number]
  /** Whole milliseconds since the Unix epoch, as `Date.now()`: may step either way at any time. */
  readonly wallMillis: () => number
  /** The wall clock with a fraction of a millisecond, read once at the start. @default wallMillis */
  readonly preciseMillis?: () => number
}

const SYSTEM: ClockSource = {
  hrtime: process.hrtime,
  wallMillis: Date.now,
  preciseMillis: () => performance.timeOrigin + performance.now(),
}

const TWO_32 = 4_294_967_296
const MILLI = 1_000_000n
/** How far apart the checks against the wall clock are. */
const CHECK_NANOS = 100_000_000

/**
 * The wall clock at nanosecond resolution: a monotonic clock projected from an anchor, compared with the wall clock every
 * 100 ms of use and moved by the least amount that makes the two agree. It follows steps in both directions; who must never
 * go backwards (`IdGenerator`) holds its own last value.
 *
 * The time is two numbers, `high * 2^32 + low`, because bigint arithmetic for each id would cost half of the rate.
 */
export class ProjectedClock {
  /** Written by `read`. */
  high = 0
  low = 0
  readonly #hrtime: ClockSource['hrtime']
  readonly #wallMillis: ClockSource['wallMillis']
  #anchorSeconds: number
  /** The projected time at monotonic time `anchorSeconds` and 0 ns. `low` may be any whole number. */
  #anchorHigh = 0
  #anchorLow = 0
  #checkAt = 0

  constructor(source: ClockSource = SYSTEM) {
    this.#hrtime = source.hrtime
    this.#wallMillis = source.wallMillis
    const now = this.#hrtime()
    this.#anchorSeconds = now[0]
    const micros = BigInt(Math.floor((source.preciseMillis ?? source.wallMillis)() * 1000))
    this.#anchor(BigInt(now[0]), micros * 1000n - nanosOf(now))
    this.#synchronise()
    this.read()
  }

  /** Sets `high` and `low` to the time of now. */
  read(): void {
    const time = this.#hrtime()
    let elapsed = (time[0] - this.#anchorSeconds) * 1e9 + time[1]
    if (elapsed >= this.#checkAt) {
      this.#synchronise()
      elapsed = (time[0] - this.#anchorSeconds) * 1e9 + time[1]
    }
    const low = this.#anchorLow + elapsed
    const carry = Math.floor(low / TWO_32)
    this.high = this.#anchorHigh + carry
    this.low = low - carry * TWO_32
  }

  /**
   * The wall clock says `wall` when its time is in `[wall, wall + 1 ms)`. Read between two monotonic readings, it bounds
   * the projection from both sides; that holds, only less tightly, when the process is descheduled in between.
   */
  #synchronise(): void {
    const before = nanosOf(this.#hrtime())
    const wall = BigInt(this.#wallMillis()) * MILLI
    const after = nanosOf(this.#hrtime())
    const seconds = after / 1_000_000_000n
    const offset = this.#offset()
    const least = wall - after
    const most = wall + MILLI - 1n - before
    this.#anchor(seconds, offset < least ? least : offset > most ? most : offset)
    this.#checkAt = Number(after - seconds * 1_000_000_000n) + CHECK_NANOS
  }

  /** Wall time minus monotonic time. */
  #offset(): bigint {
    return (
      BigInt(this.#anchorHigh) * BigInt(TWO_32) +
      BigInt(this.#anchorLow) -
      BigInt(this.#anchorSeconds) * 1_000_000_000n
    )
  }

  #anchor(seconds: bigint, offset: bigint): void {
    const [high, low] = splitWords(seconds * 1_000_000_000n + offset)
    this.#anchorSeconds = Number(seconds)
    this.#anchorHigh = high
    this.#anchorLow = low
  }
}

const nanosOf = (time: readonly [number, number]): bigint =>
  BigInt(time[0]) * 1_000_000_000n + BigInt(time[1])
