/** Errors by which a caller gives up waiting, under one name. */
const timeouts = new Set([
  'ECONNABORTED',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'TimeoutError',
])
const cancels = new Set(['ERR_CANCELED', 'ABORT_ERR', 'AbortError', 'CanceledError'])
const resets = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE'])

/** Outcomes that say nothing of the application. */
export const standardOutcomes: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ERR_CANCELED',
  'ECONNRESET',
  'ECONNREFUSED',
  'ERROR',
])

/**
 * What a caller saw, as it stands in `next`: an HTTP status as text, or an error's code. Different clients name the same
 * thing differently: giving up waiting is `ETIMEDOUT`, being cancelled `ERR_CANCELED`, a broken connection `ECONNRESET`.
 * What is no code is cut from the record by `Redaction.code`; `ERROR` then stands in its place.
 */
export function outcomeOf(outcome: number | string | Error): string {
  if (typeof outcome === 'number') return String(outcome)
  if (typeof outcome === 'string') return normalized(outcome)
  for (
    let error: unknown = outcome, depth = 0;
    depth < 5 && error instanceof Error;
    error = error.cause, depth++
  ) {
    const { code, name } = error as { code?: unknown; name?: unknown }
    if (typeof code === 'string' && code !== '') return normalized(code)
    if (typeof name === 'string' && (timeouts.has(name) || cancels.has(name))) return normalized(name)
  }
  return 'ERROR'
}

function normalized(code: string): string {
  if (timeouts.has(code)) return 'ETIMEDOUT'
  if (cancels.has(code)) return 'ERR_CANCELED'
  if (resets.has(code)) return 'ECONNRESET'
  return code
}
