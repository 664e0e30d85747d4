/** What shipping has done so far, as last heard. */
export interface ShipStats {
  /** Hops that the store acknowledged. */
  readonly shipped: number
  /** Failed puts and reads of the store. */
  readonly errors: number
  /** Hops that found no place, or whose log was damaged. */
  readonly dropped: number
  /** Milliseconds between now and the time through which everything is shipped. */
  readonly lagMillis: number
  /** Dead runs in the data directory that could not be shipped so far. */
  readonly unshippedRuns: number
}
