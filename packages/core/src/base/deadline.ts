import { setMaxListeners } from 'node:events'
import { HoptraceError } from './errors.js'

/** A signal that ends with a deadline, or with one of others. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Milliseconds that are left, at least 1. */
  left(): number
  /** Lets go of the timer. */
  clear(): void
}

/** A deadline from now on. Its reason is `HOPTRACE_DEADLINE`, or that of the signal which came first. */
export function deadlineIn(millis: number, signals: readonly (AbortSignal | undefined)[]): Deadline {
  const passed = new AbortController()
  const at = performance.now() + millis
  const abort = (): void => {
    passed.abort(new HoptraceError('HOPTRACE_DEADLINE', `no answer within ${Math.round(millis)} ms`))
  }
  const timer = setTimeout(abort, Math.min(millis, 2 ** 31 - 1))
  const given = signals.filter((signal) => signal !== undefined)
  const signal = AbortSignal.any([passed.signal, ...given])
  // Every read under way listens to it.
  setMaxListeners(0, signal)
  return {
    signal,
    left: () => Math.max(1, at - performance.now()),
    clear: () => clearTimeout(timer),
  }
}

/** Rejects with the signal's reason when that comes first. The task itself goes on. */
export async function orAborted<T>(task: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return task
  // Nobody may be left to hear that it failed.
  task.catch(() => undefined)
  signal.throwIfAborted()
  let abort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([task, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
