/** Percentiles are right to one part in a hundred. */
const ACCURACY = 0.01
const GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
/** 120 days; longer durations count as that. */
const MOST_MICROS = 1e13

/**
 * How many requests or calls there were, how many failed, and how long they took. The durations are kept as counts of buckets, each 2% wider than
 * the one before. So the size has a bound, and counts of several spans of time can be added up. Algorithm: DDSketch (Masson, Rim, Lee, 2019).
 */
export class Counts {
  count = 0
  errors = 0
  #timed = 0
  readonly #buckets = new Map<number, number>()

  /** Counts one by its microseconds; null if that is not known. */
  add(durationMicros: number | null, isError: boolean): void {
    this.count++
    if (isError) this.errors++
    if (durationMicros === null) return
    const micros = Math.max(1, Math.min(durationMicros, MOST_MICROS))
    this.#put(Math.ceil(Math.log(micros) / Math.log(GROWTH)), 1)
  }

  /** Adds what another one counted. */
  addAll(other: Counts): void {
    this.count += other.count
    this.errors += other.errors
    for (const [bucket, count] of other.#buckets) this.#put(bucket, count)
  }

  /** The duration in microseconds that a share of them, from 0 to 1, did not exceed; null if no duration is known. */
  percentile(share: number): number | null {
    let left = Math.max(1, Math.ceil(share * this.#timed))
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return Math.round((2 * GROWTH ** bucket) / (GROWTH + 1))
    }
    return null
  }

  #put(bucket: number, count: number): void {
    this.#timed += count
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
  }
}
