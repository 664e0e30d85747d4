import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultOrder } from './plan.js'

/** The status that a client got; null for none; `late` if it went away before there was one. */
export type ClientGot = number | 'late' | null

/** What the client of each request got. */
export type Got = Map<string, ClientGot>

/** Sends one request. Nothing rejects. */
export async function send(
  entryUrl: string,
  request: string,
  orders: readonly FaultOrder[] = [],
): Promise<ClientGot> {
  try {
    const response = await fetch(entryUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ request, orders }),
      signal: AbortSignal.timeout(5000),
    })
    await response.text()
    return response.status
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'late' : null
  }
}

/**
 * Sends this number of requests, one every `everyMillis`, whether or not the earlier ones were answered, and resolves when
 * all are. `onStep` is called before each with its number and returns the faults that it carries.
 */
export async function load(
  entryUrl: string,
  prefix: string,
  everyMillis: number,
  requests: number,
  onStep: (index: number) => readonly FaultOrder[],
): Promise<Got> {
  const got: Got = new Map()
  const sent: Promise<void>[] = []
  const from = performance.now()
  for (let index = 0; index < requests; index++) {
    const request = `${prefix}-${index}`
    got.set(request, null)
    sent.push(send(entryUrl, request, onStep(index)).then((status) => void got.set(request, status)))
    // By the clock and not by the sleeps, which are longer on a busy machine.
    const early = from + (index + 1) * everyMillis - performance.now()
    if (early > 1) await sleep(early)
    else if (index % 4 === 0) await sleep(1)
  }
  await Promise.all(sent)
  return got
}
