import type { Tracer } from '@hoptrace/core'

/**
 * Tells the parent process that the service listens, and ends the service in order on SIGTERM, on Ctrl-C and when the
 * parent is gone: no new requests, a moment for those under way, then the tracer, so that everything is in the store.
 */
export function serveUntilStopped(
  port: number,
  tracer: Pick<Tracer, 'close'>,
  stopListening: () => Promise<unknown>,
): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    void (async () => {
      await Promise.race([stopListening(), pause(GRACE_MILLIS)])
      await tracer.close()
      process.exit(0)
    })().catch((error: unknown) => {
      console.error(error)
      process.exit(1)
    })
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.once('disconnect', stop)
  process.send?.({ listening: port })
}

/** Waits without keeping the process alive for it. */
export function pause(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis).unref())
}

const GRACE_MILLIS = 500
