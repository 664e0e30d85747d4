/**
 * The place of the time of an id: that time in windows. Its integer part is the window. A busy run cuts its
 * windows in parts, each up to a place within a window.
 */
export function placeOf(millis: number, windowMillis: number): number {
  return millis / windowMillis
}

/** How far the windows of a run were cut. Segments of the first lane never overlap, so what was cut once is closed to it. */
export class CutWindows {
  /** The place up to which all is cut. */
  below = 0
  /** Windows from `below` on that were cut as they were, with the hops that had begun. */
  private readonly early = new Set<number>()
  private lastBatch = 0n

  /** Whether the first lane is still open at this place. */
  isOpen(place: number): boolean {
    return place >= this.below && !this.early.has(Math.floor(place))
  }

  get cutEarly(): number[] {
    return [...this.early]
  }

  close(windows: Iterable<number>): void {
    for (const window of windows) if (window + 1 > this.below) this.early.add(window)
  }

  /** All below this place is cut; null for no change. */
  closeBelow(below: number | null): void {
    if (below === null || below <= this.below) return
    this.below = below
    for (const window of this.early) if (window + 1 <= below) this.early.delete(window)
  }

  /** A name for segments of the late lane. It is never used twice, not even in two runs of one address. */
  nextBatch(): bigint {
    const now = BigInt(Date.now()) * 1_000_000n + BigInt(Math.floor(Math.random() * 1_000_000))
    this.lastBatch = now > this.lastBatch ? now : this.lastBatch + 1n
    return this.lastBatch
  }
}
