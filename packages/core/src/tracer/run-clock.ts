import { timing } from '../base/timing.js'

const turnsAMark = timing.markMillis / timing.turnMillis
const turnsToRest = timing.restAfterMillis / timing.turnMillis

/** What the clock of a run calls. */
export interface ClockWork {
  /** Ten times a second, unless the run rests. `isMark`: a mark is due. */
  turn(isMark: boolean): void
  /** Once a second while the run rests, and at its beginning: a mark is due. */
  rest(): void
  /** Is there something that has to be looked at soon? */
  isBusy(): boolean
}

/**
 * The one timer of a run on the request thread. A process to which no hop comes wakes once a second: each wake-up of an idle
 * process costs its machine more than what the process then does.
 */
export class RunClock {
  private timer: NodeJS.Timeout
  private turns = 0
  /** Turns since the last hop began. */
  private still = 0
  private isResting = false

  constructor(private readonly work: ClockWork) {
    this.timer = this.start()
  }

  /** Milliseconds from one turn to the next. */
  get period(): number {
    return this.isResting ? timing.markMillis : timing.turnMillis
  }

  /** A hop begins. Returns whether the run rested until now. */
  hopBegins(): boolean {
    this.still = 0
    if (!this.isResting) return false
    this.isResting = false
    clearInterval(this.timer)
    this.timer = this.start()
    return true
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private start(): NodeJS.Timeout {
    return setInterval(() => this.tick(), this.period).unref()
  }

  private tick(): void {
    if (this.isResting) return this.work.rest()
    this.work.turn(++this.turns % turnsAMark === 0)
    if (++this.still <= turnsToRest || this.work.isBusy()) return
    this.isResting = true
    clearInterval(this.timer)
    this.timer = this.start()
    this.work.rest()
  }
}
