import { Readable } from 'node:stream'
import type { OutboundCall } from '@hoptrace/core'
import type { AxiosResponse } from 'axios'

/** Ends the call with its response; one whose body is handed out as a stream ends when the stream does. */
export function endWithStream(
  call: OutboundCall | undefined,
  { status, headers, data }: AxiosResponse,
): void {
  if (call === undefined) return
  if (!(data instanceof Readable) || data.destroyed) {
    call.answered(status, headers)
    return
  }
  // 'close' alone: a listener for 'error' would keep an error that nobody handles from being noticed.
  data.once('close', () => {
    if (data.readableEnded) call.answered(status, headers)
    else call.failed(data.errored === null ? 'ERR_CANCELED' : brokenOff(data.errored))
  })
}

/** axios wraps the reset of a connection in an error of its own. */
function brokenOff(error: Error): Error | string {
  return (error as { code?: unknown }).code === 'ERR_BAD_RESPONSE' ? 'ECONNRESET' : error
}
