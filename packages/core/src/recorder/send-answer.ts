import type { ServerResponse } from 'node:http'
import type { EndpointResponse } from './endpoint.js'

/** Sends an answer at the speed at which its asker reads. */
export async function sendAnswer(
  { status, headers, body }: EndpointResponse,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  res.writeHead(status, headers)
  for await (const chunk of body) {
    if (signal.aborted) return
    if (!res.write(chunk)) await drained(res, signal)
  }
  res.end()
}

function drained(res: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    res.once('drain', done)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
