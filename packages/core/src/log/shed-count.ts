/** Details left out under pressure, in total and for each hop. */
export class ShedCount {
  total = 0
  private readonly counts = new WeakMap<object, number>()

  add(hop: object, count: number): void {
    this.total += count
    this.counts.set(hop, (this.counts.get(hop) ?? 0) + count)
  }

  of(hop: object): number {
    return this.total === 0 ? 0 : (this.counts.get(hop) ?? 0)
  }
}
