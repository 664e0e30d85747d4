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
    // One turn of the loop accepts a connection; the next one reads the request from it.
    setImmediate(() => {
      setImmediate(() => {
        this.throughNanos = nowNanos
        this.isLooking = false
      }).unref()
    }).unref()
  }
}
