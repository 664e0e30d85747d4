/** What an answer cost. */
export interface Reads {
  /** Requests to live endpoints. */
  instances: number
  /** Scans of stores and reads of logs. */
  scans: number
  /** Bytes that these returned. */
  bytes: number
}

export function noReads(): Reads {
  return { instances: 0, scans: 0, bytes: 0 }
}

/** Adds what another resolver spent. */
export function addReads(to: Reads, more: Readonly<Reads>): void {
  to.instances += more.instances
  to.scans += more.scans
  to.bytes += more.bytes
}

/** What a range cost. */
export interface RangeReads extends Reads {
  /** Segments whose records were read. */
  segments: number
  /** Segments that were passed over: their smallest and largest id, instance or service say that nothing there is wanted. */
  pruned: number
}

export function noRangeReads(): RangeReads {
  return { ...noReads(), segments: 0, pruned: 0 }
}
