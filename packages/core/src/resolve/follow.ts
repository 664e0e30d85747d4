import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError } from '../base/errors.js'
import { hasEnded, type ProgressEvent, type ProgressResult } from './progress.js'

/** One step of a flow that is followed. */
export type FollowStep =
  /** A new event. */
  | { readonly kind: 'event'; readonly event: ProgressEvent }
  /** What runs, or the verdict, has changed. */
  | { readonly kind: 'state'; readonly progress: ProgressResult }
  /** It has ended; nothing follows. */
  | { readonly kind: 'end'; readonly progress: ProgressResult }

/** How a flow is followed. */
export interface FollowOptions {
  /** Between two looks, from 10 to 60000. @default 500 */
  readonly intervalMillis?: number
  /** Following ends if every attempt has failed for this time. @default 60000 */
  readonly patienceMillis?: number
  /** Keys of events that the caller has already, or a function that knows them. */
  readonly told?: Iterable<string> | ((key: string) => boolean)
  /** Ends it: it rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Asks again and again until the flow has ended, and yields new events, changes of the running hops, and the
 * end. An unknown flow ends at once. After a first success, failed attempts are repeated until the patience
 * runs out.
 */
export async function* follow(
  look: (signal: AbortSignal | undefined) => Promise<ProgressResult>,
  { intervalMillis = 500, patienceMillis = 60_000, told, signal }: FollowOptions = {},
): AsyncGenerator<FollowStep, void, undefined> {
  if (!(intervalMillis >= 10 && intervalMillis <= 60_000))
    throw new TypeError(`intervalMillis must be from 10 to 60000 (got ${intervalMillis})`)
  const known = new Set(typeof told === 'function' ? [] : told)
  const wasTold = typeof told === 'function' ? told : (): boolean => false
  let state = ''
  let changedAt = performance.now()
  const isPatient = (): boolean => performance.now() - changedAt <= patienceMillis
  const pause = (): Promise<unknown> =>
    sleep(intervalMillis, undefined, signal === undefined ? {} : { signal })
  for (;;) {
    let progress: ProgressResult
    try {
      progress = await look(signal)
    } catch (error) {
      if (state === '' || isFinal(error) || signal?.aborted === true || !isPatient()) throw error
      await pause()
      continue
    }
    for (const event of progress.events) {
      if (known.has(event.key) || wasTold(event.key)) continue
      known.add(event.key)
      changedAt = performance.now()
      yield { kind: 'event', event }
    }
    if (hasEnded(progress) || (progress.verdict === 'undetermined' && !isPatient())) {
      yield { kind: 'end', progress }
      return
    }
    const now = stateOf(progress)
    if (now !== state) {
      state = now
      changedAt = performance.now()
      yield { kind: 'state', progress }
    }
    await pause()
  }
}

function stateOf({ verdict, running, endedAt }: ProgressResult): string {
  const at = running.map(({ hopId, waitsFor }) => `${hopId}:${waitsFor.join()}`)
  return `${verdict} ${endedAt?.hopId} ${at.join(' ')}`
}

/** Asking again changes nothing. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof HoptraceError)) return true
  return (
    error.code === 'HOPTRACE_CLOSED' || error.code === 'HOPTRACE_BAD_ID' || error.code === 'HOPTRACE_BAD_KEY'
  )
}
