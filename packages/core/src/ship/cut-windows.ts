/** The windows that were cut. The first lane of each is written at most once. */
export class CutWindows {
  /** Windows below are cut. */
  below = 0
  /** Windows from `below` on that were cut early. */
  private readonly early = new Set<number>()
  private lastBatch = 0n

  /** Whether the first lane of this window is still open. */
  isOpen(window: number): boolean {
    return window >= this.below && !this.early.has(window)
  }

  get cutEarly(): number[] {
    return [...this.early]
  }

  close(windows: Iterable<number>): void {
    for (const window of windows) if (window >= this.below) this.early.add(window)
  }

  /** All windows below are cut; null for no change. */
  closeBelow(below: number | null): void {
    if (below === null || below <= this.below) return
    this.below = below
    for (const window of this.early) if (window < below) this.early.delete(window)
  }

  /** A name for segments of the late lane. It is never used twice, not even in two runs of one address. */
  nextBatch(): bigint {
    const now = BigInt(Date.now()) * 1_000_000n + BigInt(Math.floor(Math.random() * 1_000_000))
    this.lastBatch = now > this.lastBatch ? now : this.lastBatch + 1n
    return this.lastBatch
  }
}
