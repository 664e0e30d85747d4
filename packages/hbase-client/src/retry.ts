import type { Deadline } from './deadline.js'
import { HBaseError } from './errors.js'

const firstPauseMillis = 10
const longestPauseMillis = 1000

/** Attempt n (from 0) failed; the pause before the next: exponential, with full jitter above half. */
export function pauseMillis(attempt: number): number {
  const ceiling = Math.min(longestPauseMillis, firstPauseMillis * 2 ** Math.min(attempt, 10))
  return ceiling * (0.5 + Math.random() / 2)
}

/**
 * The error as ours, when another attempt may help; throws it otherwise. An exception that neither the server nor
 * `remote-error.ts` calls permanent counts as passing: a server that is still starting answers with whatever it stumbles over.
 */
export function retriable(error: unknown): HBaseError {
  if (!(error instanceof HBaseError) || error.recovery === 'none') throw error
  return error
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the deadline is over. Every operation of this client may be
 * repeated: puts and deletes write the same again, procedures carry a nonce.
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
