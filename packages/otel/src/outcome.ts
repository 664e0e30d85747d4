import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { numberOf, textOf } from './attributes.js'

/**
 * What came of a call, in the form that `call.end` takes: an HTTP status or an error's code.
 *
 * A status of gRPC becomes the HTTP status that Google's `code.proto` names for it. Other protocols have no status: an answer
 * without an error is 200, an error that the server answered 500.
 */
export function outcomeOf(span: ReadableSpan): number | string {
  const { attributes, status } = span
  const code = connectionError(span)
  if (code !== undefined) return code
  const http = numberOf(attributes, 'http.response.status_code', 'http.status_code')
  if (http !== undefined) return status.code === SpanStatusCode.ERROR && http < 400 ? 'ECONNRESET' : http
  if (textOf(attributes, 'http.request.method', 'http.method') !== undefined) return 'ERR_CANCELED'
  const grpc = numberOf(attributes, 'rpc.grpc.status_code', 'rpc.response.status_code')
  if (grpc !== undefined) return grpcStatuses[grpc] ?? 500
  return status.code === SpanStatusCode.ERROR ? 500 : 200
}

/** Codes of errors of connections and of cancelled requests, and names of errors that have no code. */
const connectionCode =
  /^(?:E[A-Z]{3,}|ERR_[A-Z0-9_]+|UND_ERR_[A-Z_]+|HPE_[A-Z_]+|ABORT_ERR|AbortError|TimeoutError)$/

function connectionError({ attributes, events }: ReadableSpan): string | undefined {
  for (const { name, attributes: of } of events) {
    const type = name === 'exception' ? of?.['exception.type'] : undefined
    if (typeof type === 'string' && connectionCode.test(type)) return type
  }
  const type = textOf(attributes, 'error.type')
  return type !== undefined && connectionCode.test(type) ? type : undefined
}

/** By the number of the status: OK, CANCELLED, UNKNOWN, … UNAUTHENTICATED. */
const grpcStatuses: readonly (number | string)[] = [
  200,
  'ERR_CANCELED',
  500,
  400,
  'ETIMEDOUT',
  404,
  409,
  403,
  429,
  400,
  409,
  400,
  501,
  500,
  503,
  500,
  401,
]
