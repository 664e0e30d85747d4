/**
 * Bytes by the time of ids, in milliseconds since the epoch: those of an entry are of ids from its time on, up to the time of the next
 * entry. Times ascend.
 */
export type BytesByTime = readonly (readonly [fromMillis: number, bytes: number])[]

/** The most entries of a registry row: each has at most about a sixteenth of a run's bytes. */
export const maxByteEntries = 32

/**
 * Counts the bytes that a run ships, by the time of ids, in bounded memory: when there are too many entries, the two neighbours with the
 * fewest bytes become one. So what a run has shipped can be divided by time later, without a look at its store.
 */
export class ByteCounts {
  private readonly counts: [fromMillis: number, bytes: number][] = []
  /** All bytes that were added. */
  total = 0

  /** The counts, or undefined if there are none. */
  get entries(): BytesByTime | undefined {
    return this.counts.length === 0 ? undefined : this.counts.map(([from, bytes]) => [from, bytes])
  }

  add(fromMillis: number, bytes: number): void {
    this.total += bytes
    const { counts } = this
    let at = counts.length
    while (at > 0 && (counts[at - 1]?.[0] as number) > fromMillis) at--
    const known = counts[at - 1]
    if (known?.[0] === fromMillis) known[1] += bytes
    else counts.splice(at, 0, [fromMillis, bytes])
    if (counts.length > maxByteEntries) this.join()
  }

  addAll(entries: BytesByTime = []): void {
    for (const [fromMillis, bytes] of entries) this.add(fromMillis, bytes)
  }

  private join(): void {
    const { counts } = this
    const both = (at: number): number => (counts[at]?.[1] as number) + (counts[at + 1]?.[1] as number)
    let least = 0
    for (let at = 1; at < counts.length - 1; at++) if (both(at) < both(least)) least = at
    const joined = both(least)
    counts.splice(least, 2, [counts[least]?.[0] as number, joined])
  }
}
