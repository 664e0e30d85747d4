import { timing } from '../base/timing.js'
import type { SharedState } from './shared-state.js'

/** The request thread, for the thread that ships its records. */
export class RequestThread {
  private readonly waiting = new Map<number, () => void>()
  private lastId = 0
  private sweeping: { readonly done: Promise<void>; readonly at: number } | undefined

  /** `ask` sends it an order; it says by `done` that it has obeyed. */
  constructor(
    private readonly shared: SharedState,
    private readonly ask: (order: { readonly type: 'sweep'; readonly id: number }) => void,
  ) {}

  /**
   * Every open hop is in the log when it resolves, unless the thread does not turn: after 100 ms it resolves
   * all the same.
   */
  async sweep(): Promise<void> {
    this.sweeping ??= { at: performance.now(), done: this.asked() }
    const { done, at } = this.sweeping
    const left = timing.requestThreadMillis - (performance.now() - at)
    if (left <= 0) return
    let timer: NodeJS.Timeout | undefined
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, left)
    })
    await Promise.race([done.then(() => (this.sweeping = undefined)), enough])
    clearTimeout(timer)
  }

  /** It has obeyed an order. */
  done(id: number): void {
    this.waiting.get(id)?.()
    this.waiting.delete(id)
  }

  /** While it does not turn: when it last did, milliseconds since the epoch. */
  async blockedSince(): Promise<number | undefined> {
    if (!this.shared.isRequestThreadLate()) return undefined
    // If the whole process was stopped and has just continued, this thread has not run yet either.
    await this.sweep()
    if (this.sweeping === undefined || !this.shared.isRequestThreadLate()) return undefined
    return Date.now() - this.shared.requestThreadSilence()
  }

  private asked(): Promise<void> {
    const id = ++this.lastId
    return new Promise<void>((resolve) => {
      this.waiting.set(id, resolve)
      this.ask({ type: 'sweep', id })
    })
  }
}
