import { Readable } from 'node:stream'
import { HoptraceError } from '@hoptrace/core'
import type { FastifyReply } from 'fastify'

/** What an answer says of an error. Only our own errors carry a text that is meant for the asker. */
export function errorJson(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof HoptraceError) return { code: error.code, message: error.message }
  if (error instanceof TypeError) return { code: 'HOPTRACE_USAGE', message: error.message }
  return { code: 'HOPTRACE_INTERNAL', message: 'the question failed; the log of hoptrace ui says why' }
}

/** Fires when the asker has gone. */
export function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

/**
 * Answers with one JSON object a line, each as soon as it is known. The last line is `{"kind":"end"}`, or `{"kind":"error",…}` if a part
 * could not be read; without either, the answer was cut.
 */
export function sendLines(
  reply: FastifyReply,
  rows: AsyncIterable<object>,
  gone: AbortSignal,
  onError: (error: unknown) => void,
): FastifyReply {
  async function* lines(): AsyncGenerator<string, void, undefined> {
    try {
      for await (const row of rows) yield `${JSON.stringify(row)}\n`
      yield '{"kind":"end"}\n'
    } catch (error) {
      if (gone.aborted) return
      onError(error)
      yield `${JSON.stringify({ kind: 'error', error: errorJson(error) })}\n`
    }
  }
  return reply
    .header('content-type', 'application/x-ndjson; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(Readable.from(lines(), { objectMode: false, highWaterMark: 1 }))
}
