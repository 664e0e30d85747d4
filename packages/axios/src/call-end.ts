import { Readable } from 'node:stream'
import type { OutboundCall } from '@hoptrace/core'
import type { Config, Response } from './types.js'
import { observeWebStream } from './web-stream.js'

/** What of a response ends a call. */
export type Answer = Omit<Response, 'config'>

/** Ends the call with its response. If the body is a stream, the call ends when the stream does. */
export function endWithStream(call: OutboundCall | undefined, response: Answer): void {
  if (call === undefined) return
  if (typeof response !== 'object' || (response as Answer | null) === null) return call.failed(undefined)
  const { status, headers, data } = response
  if (data instanceof ReadableStream && !data.locked) {
    response.data = observeWebStream(data as ReadableStream<Uint8Array>, (error) =>
      error === undefined ? call.answered(status, headers) : call.failed(brokenOff(error)),
    )
  } else if (data instanceof Readable && !data.destroyed) {
    // Only 'close': a listener for 'error' would hide an error that the application does not handle.
    data.once('close', () => {
      if (data.readableEnded) call.answered(status, headers)
      else call.failed(data.errored === null ? 'ERR_CANCELED' : brokenOff(data.errored))
    })
  } else call.answered(status, headers)
}

/** axios wraps a reset connection in its own error. */
function brokenOff(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code === 'ERR_BAD_RESPONSE' ? 'ECONNRESET' : error
}

/**
 * Ends the call with the thrown error. A response that `validateStatus` refused has its body. A response that
 * broke off has no body, or there is no response. Without a length limit, nothing else makes a response bad.
 */
export function end(call: OutboundCall | undefined, error: unknown): void {
  const { code, config, response } = errorOfAxios(error)
  const limited = config?.maxContentLength !== undefined && config.maxContentLength > -1
  if (response?.data !== undefined) endWithStream(call, response)
  else if (response !== undefined || (code === 'ERR_BAD_RESPONSE' && !limited)) call?.failed('ECONNRESET')
  else call?.failed(error)
}

interface AxiosFailure {
  readonly code?: string
  readonly config?: Config
  readonly response?: Response
}

const errorOfAxios = (error: unknown): AxiosFailure =>
  typeof error === 'object' && (error as { isAxiosError?: unknown } | null)?.isAxiosError === true
    ? (error as AxiosFailure)
    : {}
