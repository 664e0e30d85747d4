import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { HBaseError } from './errors.js'

/** The longest time of a timer. */
const longestMillis = 0x7fff_ffff

/** Signals that may have any number of listeners. */
const unlimited = new WeakSet<AbortSignal>()

/** One signal may end any number of operations, and each listens to it. */
function allowListeners(signal: AbortSignal): void {
  // To ask takes a tenth of the time that it takes to set it again.
  if (unlimited.has(signal)) return
  setMaxListeners(0, signal)
  unlimited.add(signal)
}

/** The end of an operation's time, and a signal that may end it earlier. */
export class Deadline {
  readonly #at: number
  readonly timeoutMillis: number
  readonly signal: AbortSignal | undefined
  #last: HBaseError | undefined

  constructor(timeoutMillis: number, signal?: AbortSignal) {
    this.timeoutMillis = Math.min(timeoutMillis, longestMillis)
    this.signal = signal
    if (signal !== undefined) allowListeners(signal)
    this.#at = performance.now() + this.timeoutMillis
  }

  /** Milliseconds left, never negative. */
  remaining(): number {
    return Math.max(0, this.#at - performance.now())
  }

  /** Throws `ABORTED` or `TIMEOUT` if the operation has no time left. */
  check(): void {
    if (this.signal?.aborted) throw abortedError(this.signal)
    if (this.remaining() === 0) throw this.expired()
  }

  /** Waits; throws at once if less time is left. `cause` is the last failure. */
  async sleep(millis: number, cause?: HBaseError): Promise<void> {
    // A timeout of the last attempt says less than the failure of an earlier one.
    if (cause && !(cause.code === 'TIMEOUT' && this.#last)) this.#last = cause
    this.check()
    if (this.remaining() <= millis) throw this.expired()
    try {
      await delay(millis, undefined, this.signal ? { signal: this.signal } : undefined)
    } catch (error) {
      throw this.signal?.aborted ? abortedError(this.signal) : error
    }
  }

  /** Waits for shared work: this deadline ends the waiting, not the work. */
  async race<T>(work: Promise<T>): Promise<T> {
    // Avoid an unhandled rejection: other callers of this promise handle its failure.
    work.catch(() => undefined)
    this.check()
    const { signal } = this
    const disposers: (() => void)[] = []
    const over = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(this.expired()), this.remaining())
      const onAbort = () => signal && reject(abortedError(signal))
      signal?.addEventListener('abort', onAbort, { once: true })
      disposers.push(() => (clearTimeout(timer), signal?.removeEventListener('abort', onAbort)))
    })
    try {
      return await Promise.race([work, over])
    } finally {
      for (const dispose of disposers) dispose()
    }
  }

  /**
   * The error of an operation without time left: `UNREACHABLE` if no server could be reached, else `TIMEOUT`.
   */
  expired(): HBaseError {
    const cause = this.#last
    const why = cause ? `, last: ${cause.message}` : ''
    const code = cause?.code === 'UNREACHABLE' ? 'UNREACHABLE' : 'TIMEOUT'
    return new HBaseError(code, `gave up after ${this.timeoutMillis} ms${why}`, {
      recovery: 'later',
      cause,
      exceptionClass: cause?.exceptionClass,
    })
  }
}

/** The error of an operation whose signal fired. */
export function abortedError(signal: AbortSignal): HBaseError {
  return new HBaseError('ABORTED', 'the operation was aborted', { cause: signal.reason })
}
