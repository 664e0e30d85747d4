import { acceptedConnections } from '../listen/listeners.js'

/** One to accept a connection and one to read from it, where the runtime does not say what it accepts (Bun). */
const minTurns = 2
/** As many turns of the event loop as connections may wait in a socket: `net.core.somaxconn` of Linux. */
const maxTurns = 4096

/**
 * Knows up to when the process has taken every request that had reached its sockets. A request may wait in a socket while
 * the event loop is blocked, and the loop runs timers and messages before it reads sockets. So the time at which
 * a timer runs says nothing about the requests that reached the process before.
 */
export class Intake {
  private isLooking = false

  /** @param throughNanos No request had reached the process before. */
  constructor(public throughNanos: bigint) {}

  /** Call it from a timer, regularly, with the time of now. */
  look(nowNanos: bigint): void {
    if (this.isLooking) return
    this.isLooking = true
    this.turn(nowNanos, acceptedConnections(), 1)
  }

  /**
   * A turn of the loop accepts one connection of each listening socket (libuv 1.45 and later), and reads what came by
   * those of earlier turns. So nothing is left of the time before once a turn has accepted none.
   */
  private turn(nowNanos: bigint, accepted: number, turns: number): void {
    setImmediate(() => {
      const now = acceptedConnections()
      const isOver = (now === accepted && turns >= minTurns) || turns >= maxTurns
      if (!isOver) return this.turn(nowNanos, now, turns + 1)
      this.throughNanos = nowNanos
      this.isLooking = false
    }).unref()
  }
}
