/** The progress of shipping, as last reported. */
export interface ShipStats {
  /** Hops that the store acknowledged. */
  readonly shipped: number
  /** Failed puts and reads of the store. */
  readonly errors: number
  /** Hops that could not be logged, or were lost to damage of the log. */
  readonly dropped: number
  /** Milliseconds since the time through which everything is shipped. */
  readonly lagMillis: number
  /** Dead runs in the data directory that could not be shipped so far. */
  readonly unshippedRuns: number
}
