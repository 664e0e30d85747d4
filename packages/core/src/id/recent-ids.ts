import type { HopId } from './types.js'

const generation = 4096

/** Remembers the last few thousand ids: two sets that take turns, so that forgetting costs nothing. */
export class RecentIds {
  private young = new Set<HopId>()
  private old = new Set<HopId>()

  /** False when it is among the last 4096 at least, and at most 8192, that were added. */
  add(id: HopId): boolean {
    if (this.young.has(id) || this.old.has(id)) return false
    if (this.young.size >= generation) {
      this.old = this.young
      this.young = new Set()
    }
    this.young.add(id)
    return true
  }
}
