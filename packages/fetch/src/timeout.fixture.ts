import { subscribe, unsubscribe } from 'node:diagnostics_channel'

const channel = 'undici:client:sendHeaders'

/** As `AbortSignal.timeout`, from when the next request has a connection: however long that takes on this machine. */
export function timeoutOnceSent(millis: number): AbortSignal {
  const controller = new AbortController()
  const sent = (): void => {
    unsubscribe(channel, sent)
    setTimeout(() => controller.abort(new DOMException('timed out', 'TimeoutError')), millis)
  }
  subscribe(channel, sent)
  return controller.signal
}
