import { Readable } from 'node:stream'
import type { OutboundCall } from '@hoptrace/core'
import axios, { type AxiosResponse } from 'axios'

/** Ends the call with its response. If the body is a stream, the call ends when the stream does. */
export function endWithStream(
  call: OutboundCall | undefined,
  { status, headers, data }: AxiosResponse,
): void {
  if (call === undefined) return
  if (!(data instanceof Readable) || data.destroyed) {
    call.answered(status, headers)
    return
  }
  // Only 'close': a listener for 'error' would hide an error that the application does not handle.
  data.once('close', () => {
    if (data.readableEnded) call.answered(status, headers)
    else call.failed(data.errored === null ? 'ERR_CANCELED' : brokenOff(data.errored))
  })
}

/** axios wraps a reset connection in its own error. */
function brokenOff(error: Error): Error | string {
  return (error as { code?: unknown }).code === 'ERR_BAD_RESPONSE' ? 'ECONNRESET' : error
}

/**
 * Ends the call with the thrown error. A response that `validateStatus` refused has its body. A response that
 * broke off has no body, or there is no response. Without a length limit, nothing else makes a response bad.
 */
export function end(call: OutboundCall | undefined, error: unknown): void {
  const { code, config, response } = axios.isAxiosError(error) ? error : {}
  const limited = config?.maxContentLength !== undefined && config.maxContentLength > -1
  if (response?.data !== undefined) endWithStream(call, response)
  else if (response !== undefined || (code === 'ERR_BAD_RESPONSE' && !limited)) call?.failed('ECONNRESET')
  else call?.failed(error)
}
