import type { Hop } from './hop.js'
import type { OpenLink } from './open-link.js'

/**
 * The open hops of a run: lists through the hops themselves, because a `Set` or `Map` that every request enters and leaves
 * rehashes again and again. A hop is in one of three, so that a sweep looks at what is due and not at all that is open,
 * which may be thousands of connections that say nothing for hours.
 */
export class OpenHops {
  size = 0
  /** Not looked at by a sweep yet, in the order in which they began. */
  private readonly fresh = list()
  private readonly logged = list()
  /** Whose caller went away, in the order in which it did. */
  private readonly abandoned = list()

  /** Whether every hop that is in it was looked at. */
  get isSwept(): boolean {
    return this.fresh.newer === this.fresh
  }

  add(hop: Hop): void {
    this.size++
    append(this.fresh, hop)
  }

  /** Takes out a hop that is in it. */
  remove(hop: Hop): void {
    this.size--
    unlink(hop)
  }

  /** The caller of a hop that is in it, and in the log, went away. */
  abandon(hop: Hop): void {
    unlink(hop)
    append(this.abandoned, hop)
  }

  /** Calls `log` for each fresh hop, oldest first, as long as they are due. One that is in the log then is fresh no more. */
  sweep(isDue: (hop: Hop) => boolean, log: (hop: Hop) => void): void {
    const { fresh } = this
    for (let link = fresh.newer as OpenLink; link !== fresh;) {
      const hop = link as Hop
      const newer = link.newer as OpenLink
      if (!isDue(hop)) return
      if (hop.logNumber === 0) log(hop)
      if (hop.logNumber !== 0) {
        unlink(hop)
        append(this.logged, hop)
      }
      link = newer
    }
  }

  /** Calls `finish`, which takes it out, for each hop that was abandoned before. */
  expire(beforeMillis: number, finish: (hop: Hop) => void): void {
    const { abandoned } = this
    for (let link = abandoned.newer as OpenLink; link !== abandoned;) {
      const hop = link as Hop
      const newer = link.newer as OpenLink
      if (hop.abandoned !== undefined && hop.abandoned.millis >= beforeMillis) return
      finish(hop)
      link = newer
    }
  }

  *[Symbol.iterator](): Generator<Hop> {
    for (const one of [this.abandoned, this.logged, this.fresh]) {
      for (let link = one.newer as OpenLink; link !== one;) {
        const newer = link.newer as OpenLink
        yield link as Hop
        link = newer
      }
    }
  }
}

/** A ring whose one link is both its ends. */
function list(): OpenLink {
  const ends: OpenLink = { older: undefined, newer: undefined }
  ends.older = ends.newer = ends
  return ends
}

function append(ends: OpenLink, link: OpenLink): void {
  const newest = ends.older as OpenLink
  link.older = newest
  link.newer = ends
  newest.newer = link
  ends.older = link
}

function unlink(link: OpenLink): void {
  const { older, newer } = link
  if (older === undefined || newer === undefined) return
  older.newer = newer
  newer.older = older
  link.older = link.newer = undefined
}
