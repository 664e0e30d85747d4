import { setMaxListeners } from 'node:events'
import { HoptraceError } from './errors.js'

/** A signal that aborts at a deadline, or with one of other signals. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Remaining milliseconds, at least 1. */
  left(): number
  /** Clears the timer. */
  clear(): void
}

/** A deadline that starts now. Its reason is `HOPTRACE_DEADLINE`, or that of the first signal to abort. */
export function deadlineIn(millis: number, signals: readonly (AbortSignal | undefined)[]): Deadline {
  const passed = new AbortController()
  const at = performance.now() + millis
  const abort = (): void => {
    passed.abort(new HoptraceError('HOPTRACE_DEADLINE', `no answer within ${Math.round(millis)} ms`))
  }
  const timer = setTimeout(abort, Math.min(millis, 2 ** 31 - 1))
  const given = signals.filter((signal) => signal !== undefined)
  const signal = AbortSignal.any([passed.signal, ...given])
  // Every pending read adds a listener.
  setMaxListeners(0, signal)
  return {
    signal,
    left: () => Math.max(1, at - performance.now()),
    clear: () => clearTimeout(timer),
  }
}

/** Rejects with the signal's reason if that comes first. The task itself continues. */
export async function orAborted<T>(task: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return task
  // Avoid an unhandled rejection: no caller may be left to handle the failure.
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

/** What the task gives, or undefined if it gives nothing in this time. The task itself continues. */
export async function orLate<T>(
  task: Promise<T>,
  millis: number,
): Promise<{ readonly value: T } | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, millis, undefined)
  })
  try {
    return await Promise.race([task.then((value) => ({ value })), late])
  } finally {
    clearTimeout(timer)
  }
}
