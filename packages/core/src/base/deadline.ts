import { setMaxListeners } from 'node:events'
import { HoptraceError } from './errors.js'

/** A signal that aborts at a deadline, or with one of other signals. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Remaining milliseconds, at least 1. */
  left(): number
  /** Clears the timer, and no longer follows the other signals. */
  clear(): void
}

/**
 * A deadline that starts now. Its reason is `HOPTRACE_DEADLINE` with this message, or that of the first signal
 * to abort.
 */
export function deadlineIn(
  millis: number,
  signals: readonly (AbortSignal | undefined)[],
  message = `no answer within ${Math.round(millis)} ms`,
): Deadline {
  const at = performance.now() + millis
  const own = new AbortController()
  const { signal } = own
  // Every pending read adds a listener.
  setMaxListeners(0, signal)
  const abort = (): void => own.abort(new HoptraceError('HOPTRACE_DEADLINE', message))
  const timer = setTimeout(abort, Math.min(millis, 2 ** 31 - 1))
  const releases = signals.map((other) => other && follow(own, other))
  return {
    signal,
    left: () => Math.max(1, at - performance.now()),
    clear: () => {
      clearTimeout(timer)
      for (const release of releases) release?.()
    },
  }
}

/**
 * Aborts with another signal, until it is released. By a listener, because `AbortSignal.any` costs several
 * times as much: it makes weak references and registers them with the garbage collector.
 */
function follow(own: AbortController, signal: AbortSignal): () => void {
  const abort = (): void => own.abort(signal.reason)
  if (signal.aborted) abort()
  // One signal may end any number of questions.
  setMaxListeners(0, signal)
  signal.addEventListener('abort', abort, { once: true })
  return () => signal.removeEventListener('abort', abort)
}

/** Rejects with the signal's reason if that comes first. The task itself continues. */
export function orAborted<T>(task: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return task
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    const settle = (): void => signal.removeEventListener('abort', abort)
    task.then(
      (value) => (settle(), resolve(value)),
      (error: unknown) => (settle(), reject(error as Error)),
    )
  })
}

/** What the task gives, or undefined if it gives nothing in this time. The task itself continues. */
export function orLate<T>(task: Promise<T>, millis: number): Promise<{ readonly value: T } | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, millis, undefined)
    task.then(
      (value) => (clearTimeout(timer), resolve({ value })),
      (error: unknown) => (clearTimeout(timer), reject(error as Error)),
    )
  })
}
