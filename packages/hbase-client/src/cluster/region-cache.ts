import { holdsRow, type Region } from './region.js'

/** The known regions of a client, sorted by start row and without overlaps within a table. */
export class RegionCache {
  readonly #tables = new Map<string, Region[]>()

  /** The region of a row, if it is known. */
  find(table: string, row: Buffer): Region | undefined {
    const regions = this.#tables.get(table)
    if (!regions) return undefined
    const region = regions[indexAfter(regions, row) - 1]
    return region && holdsRow(region, row) ? region : undefined
  }

  /** Adds a region. Regions that overlap it were split or merged, so they are removed. */
  add(region: Region): void {
    const regions = this.#tables.get(region.table) ?? []
    const kept = regions.filter((other) => !overlaps(other, region))
    kept.splice(indexAfter(kept, region.start), 0, region)
    this.#tables.set(region.table, kept)
  }

  /** Removes only this entry; a newer one for the same rows stays. */
  remove(region: Region): void {
    const kept = (this.#tables.get(region.table) ?? []).filter((other) => other !== region)
    if (kept.length > 0) this.#tables.set(region.table, kept)
    else this.#tables.delete(region.table)
  }
}

function indexAfter(regions: readonly Region[], row: Buffer): number {
  let low = 0
  let high = regions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const region = regions[middle]
    if (region && region.start.compare(row) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

function overlaps(a: Region, b: Region): boolean {
  return (
    (b.end.length === 0 || a.start.compare(b.end) < 0) && (a.end.length === 0 || b.start.compare(a.end) < 0)
  )
}
