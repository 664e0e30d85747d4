import type { Hop } from './hop.js'

/**
 * The open hops of a run, oldest first: a list through the hops themselves, because a `Set` or `Map` that every request
 * enters and leaves rehashes again and again.
 */
export class OpenHops {
  size = 0
  private oldest: Hop | undefined
  private newest: Hop | undefined

  add(hop: Hop): void {
    this.size++
    hop.older = this.newest
    if (this.newest === undefined) this.oldest = hop
    else this.newest.newer = hop
    this.newest = hop
  }

  /** Takes out a hop that is in it. */
  remove(hop: Hop): void {
    const { older, newer } = hop
    this.size--
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.newest = older
    else newer.older = older
    hop.older = hop.newer = undefined
  }

  /** The hop that it is at may be removed. */
  *[Symbol.iterator](): Generator<Hop> {
    for (let hop = this.oldest; hop !== undefined;) {
      const { newer } = hop
      yield hop
      hop = newer
    }
  }
}
