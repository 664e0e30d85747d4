import { setTimeout as sleep } from 'node:timers/promises'
import { hasEnded, type ProgressEvent, type ProgressResult } from './progress.js'

/** One step of a flow that is followed. */
export type FollowStep =
  /** An event that was not told before. */
  | { readonly kind: 'event'; readonly event: ProgressEvent }
  /** What runs, or the verdict, has changed. */
  | { readonly kind: 'state'; readonly progress: ProgressResult }
  /** It has ended; nothing follows. */
  | { readonly kind: 'end'; readonly progress: ProgressResult }

/** How a flow is followed. */
export interface FollowOptions {
  /** Between two looks. @default 500 */
  readonly intervalMillis?: number
  /** A flow of which nothing can be told for so long is not followed further. @default 60000 */
  readonly patienceMillis?: number
  /** Keys of events that were told before. */
  readonly told?: Iterable<string>
  readonly signal?: AbortSignal
}

/**
 * Looks again and again until the flow has ended: events as they come, changes of what runs, and the end. A flow that nobody
 * knows ends at once.
 */
export async function* follow(
  look: () => Promise<ProgressResult>,
  { intervalMillis = 500, patienceMillis = 60_000, told, signal }: FollowOptions = {},
): AsyncGenerator<FollowStep, void, undefined> {
  const known = new Set(told)
  let state = ''
  let changedAt = performance.now()
  for (;;) {
    const progress = await look()
    for (const event of progress.events) {
      if (known.has(event.key)) continue
      known.add(event.key)
      changedAt = performance.now()
      yield { kind: 'event', event }
    }
    const { verdict, running, endedAt } = progress
    const now = `${verdict} ${endedAt?.hopId} ${running.map(({ hopId, waitsFor }) => `${hopId}:${waitsFor.join()}`).join(' ')}`
    const gaveUp = verdict === 'undetermined' && performance.now() - changedAt > patienceMillis
    if (hasEnded(progress) || gaveUp) {
      yield { kind: 'end', progress }
      return
    }
    if (now !== state) {
      state = now
      changedAt = performance.now()
      yield { kind: 'state', progress }
    }
    await sleep(intervalMillis, undefined, signal === undefined ? {} : { signal })
  }
}
