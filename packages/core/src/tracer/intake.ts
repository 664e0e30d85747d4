import { timing } from '../base/timing.js'
import { acceptedConnections } from '../listen/listeners.js'

/** How often the event loop has to turn until the process has taken all that had reached its sockets. */
interface Turns {
  /** The loop has turned so often at least, whatever was accepted. */
  readonly min: number
  /** Nothing was accepted in so many turns. */
  readonly quiet: number
  /** More turns are never needed. */
  readonly max: number
  /** Looks begin at least this far apart. */
  readonly everyMillis: number
  /** Calls `next` after a turn. */
  turn(next: () => void): void
}

/** As many connections may wait in a socket: `net.core.somaxconn` of Linux. */
const maxWaiting = 4096

/**
 * One that is not referenced would wait for the next event of a loop at rest. A process that wants to end does so a few turns later at
 * most: the timer that begins a look does not hold it.
 */
const soon = (next: () => void): void => void setImmediate(next)

/**
 * A turn accepts one connection of each listening socket (libuv 1.45 and later), as `net.server.socket` says, and reads what came by
 * those of earlier turns. So nothing is left of the time before once a turn has accepted none.
 */
const ofNode: Turns = { min: 2, quiet: 1, max: maxWaiting, everyMillis: 0, turn: soon }

/** Bun does not say what it accepts. A turn accepts all that wait, and reads from 1024 connections. */
const ofBun: Turns = { min: 16, quiet: 1, max: maxWaiting, everyMillis: 0, turn: soon }

/**
 * Two or three turns accept 128 connections and read from them. `Deno.serve` does not say what it accepts; 1024 may wait for it. A turn
 * is one in which the loop has waited, as it seldom polls its sockets between two calls of `setImmediate`. Such turns
 * cost, so there is one look for each mark.
 */
const ofDeno: Turns = {
  min: 3 * (1024 / 128) + 8,
  quiet: 4,
  max: 4 * (maxWaiting / 128),
  everyMillis: timing.markMillis - 2 * timing.sweepMillis,
  turn: (next) => void setTimeout(next, 1).unref(),
}

const turns = 'bun' in process.versions ? ofBun : 'deno' in process.versions ? ofDeno : ofNode

/**
 * Knows up to when the process has taken every request that had reached its sockets. A request may wait in a socket while
 * the event loop is blocked, and the loop runs timers and messages before it reads sockets. So the time at which
 * a timer runs says nothing about the requests that reached the process before.
 */
export class Intake {
  private isLooking = false
  private lastMillis = Number.NEGATIVE_INFINITY
  private done: (() => void) | undefined

  /** @param throughNanos No request had reached the process before. */
  constructor(public throughNanos: bigint) {}

  /**
   * Call it from a timer, regularly, with the time of now.
   * @param done Called when `throughNanos` is as late as it can be now. Not called while an earlier look is under way.
   */
  look(nowNanos: bigint, done?: () => void): void {
    if (this.isLooking) return
    const now = performance.now()
    if (now - this.lastMillis < turns.everyMillis) return done?.()
    this.isLooking = true
    this.lastMillis = now
    this.done = done
    this.turn(nowNanos, acceptedConnections(), 1, 0)
  }

  private turn(nowNanos: bigint, accepted: number, count: number, quiet: number): void {
    turns.turn(() => {
      const now = acceptedConnections()
      const quietNow = now === accepted ? quiet + 1 : 0
      const isOver = (quietNow >= turns.quiet && count >= turns.min) || count >= turns.max
      if (!isOver) return this.turn(nowNanos, now, count + 1, quietNow)
      this.throughNanos = nowNanos
      this.isLooking = false
      this.done?.()
    })
  }
}
