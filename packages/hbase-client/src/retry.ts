import type { Deadline } from './deadline.js'
import { HBaseError } from './errors.js'

const firstPauseMillis = 10
const longestPauseMillis = 1000

/** The pause after failed attempt n (from 0): exponential, with full jitter above half. */
export function pauseMillis(attempt: number): number {
  const ceiling = Math.min(longestPauseMillis, firstPauseMillis * 2 ** Math.min(attempt, 10))
  return ceiling * (0.5 + Math.random() / 2)
}

/**
 * Returns the error as an `HBaseError` if a retry may help; throws it otherwise. An exception that neither
 * the server nor `remote-error.ts` calls permanent counts as retriable, because a starting server answers
 * with many exceptions.
 */
export function retriable(error: unknown): HBaseError {
  if (!(error instanceof HBaseError) || error.recovery === 'none') throw error
  return error
}

/**
 * Runs `attempt` until it succeeds, fails permanently, or the deadline passes. Every operation of this client
 * is safe to repeat: puts and deletes write the same again, procedures carry a nonce.
 */
export async function retrying<T>(deadline: Deadline, attempt: (attempt: number) => Promise<T>): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await attempt(n)
    } catch (error) {
      await deadline.sleep(pauseMillis(n), retriable(error))
    }
  }
}
