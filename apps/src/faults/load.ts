import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultOrder } from './plan.js'

/** Sends one request into the chain. Whatever comes of it is the services' to tell, so nothing rejects. */
export async function send(entryUrl: string, request: string, order?: FaultOrder): Promise<void> {
  try {
    const response = await fetch(entryUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ request, order }),
      signal: AbortSignal.timeout(8000),
    })
    await response.text()
  } catch {
    // Refused, reset or too late: the entry itself was the target.
  }
}

/**
 * Sends a request every `everyMillis` for `forMillis`, whether or not the earlier ones were answered, and resolves when
 * all are. `onStep` is called before each with its number and may return the fault that this one carries.
 */
export async function load(
  entryUrl: string,
  prefix: string,
  everyMillis: number,
  forMillis: number,
  onStep: (index: number) => FaultOrder | undefined,
): Promise<string[]> {
  const requests: string[] = []
  const sent: Promise<void>[] = []
  const until = Date.now() + forMillis
  for (let index = 0; Date.now() < until; index++) {
    const request = `${prefix}-${index}`
    requests.push(request)
    sent.push(send(entryUrl, request, onStep(index)))
    await sleep(everyMillis)
  }
  await Promise.all(sent)
  return requests
}
