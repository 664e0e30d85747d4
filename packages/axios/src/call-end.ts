import { Readable } from 'node:stream'
import type { OutboundCall } from '@hoptrace/core'
import axios, { type AxiosResponse } from 'axios'

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

/**
 * Ends the call with what was thrown. A response that was refused by `validateStatus` has its body; one that broke off has
 * not, or is not there at all. Without a limit for its length nothing else makes a response bad.
 */
export function end(call: OutboundCall | undefined, error: unknown): void {
  const { code, config, response } = axios.isAxiosError(error) ? error : {}
  const limited = config?.maxContentLength !== undefined && config.maxContentLength > -1
  if (response?.data !== undefined) endWithStream(call, response)
  else if (response !== undefined || (code === 'ERR_BAD_RESPONSE' && !limited)) call?.failed('ECONNRESET')
  else call?.failed(error)
}
