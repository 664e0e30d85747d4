/** What reading has cost so far. */
export interface ReadCounts {
  scans: number
  /** Segments whose records were decoded. */
  segments: number
  /** Segments passed over by their min and max id, their instance or their service. */
  pruned: number
  /** Bytes of values received. */
  bytes: number
}
