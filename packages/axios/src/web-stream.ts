import type { UnderlyingSource } from 'node:stream/web'

/**
 * The same stream, which says when it has come to its end: `ended` gets what broke it or why its reader gave it up, or
 * nothing. It reads no further ahead than its own reader does.
 */
export function observeWebStream(
  stream: ReadableStream<Uint8Array>,
  ended: (error?: unknown) => void,
): ReadableStream<Uint8Array> {
  const type = isByteStream(stream) ? { type: 'bytes' as const } : {}
  const reader = stream.getReader()
  return new ReadableStream(
    {
      ...type,
      async pull(controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController) {
        try {
          const { done, value } = await reader.read()
          if (!done) {
            controller.enqueue(value)
            return
          }
          ended()
          controller.close()
          // A reader with a buffer of its own waits for it.
          if ('byobRequest' in controller) controller.byobRequest?.respond(0)
        } catch (error) {
          ended(error)
          throw error
        }
      },
      cancel(reason: unknown) {
        ended('ERR_CANCELED')
        return reader.cancel(reason)
      },
    } as UnderlyingSource<Uint8Array>,
    { highWaterMark: 0 },
  )
}

function isByteStream(stream: ReadableStream): boolean {
  try {
    stream.getReader({ mode: 'byob' }).releaseLock()
    return true
  } catch {
    return false
  }
}
