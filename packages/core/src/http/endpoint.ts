import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Run } from '../run.js'

const prefix = '/_hoptrace/v1/'

/** Is it for the live endpoint that the adapters mount? */
export function isEndpointRequest(req: IncomingMessage): boolean {
  return req.url !== undefined && req.url.charCodeAt(1) === 95 && req.url.startsWith(prefix)
}

/** Answers from the recorder; the request thread only passes text along, at the speed at which the asker reads. */
export function answerEndpoint(run: Run, req: IncomingMessage, res: ServerResponse): void {
  const abort = new AbortController()
  res.once('close', () => abort.abort())
  res.on('error', () => abort.abort())
  req.resume()
  void answer(run, req, res, abort.signal).catch(() => res.destroy())
}

async function answer(
  run: Run,
  req: IncomingMessage,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { status, headers, body } = await run.recorder.handle(
    {
      method: req.method ?? 'GET',
      url: req.url ?? '/',
      headers: textHeaders(req),
      remoteAddress: req.socket.remoteAddress ?? '',
    },
    signal,
  )
  res.writeHead(status, headers)
  for await (const chunk of body) {
    if (signal.aborted) return
    if (!res.write(chunk)) await drained(res, signal)
  }
  res.end()
}

function textHeaders(req: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
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
