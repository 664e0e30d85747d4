import type { CallRecord } from '../../record/record.js'

/**
 * What a caller saw of a call, in the cases that the verdict distinguishes. `proxy-error`: a status that
 * proxies send when they got no answer, without the signature of a hoptrace service.
 */
export type Saw =
  'answered' | 'error' | 'proxy-error' | 'reset' | 'timeout' | 'unreachable' | 'silent' | 'other'

const resets = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'UND_ERR_SOCKET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_HTTP2_STREAM_ERROR',
  'ERR_HTTP2_SESSION_ERROR',
])

const timeouts = new Set([
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'ERR_CANCELED',
  'ABORT_ERR',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
])

/**
 * The request did not leave, or nothing took it. A connect timeout is not here: the packets may have been
 * answered late.
 */
const unreachables = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'EAI_NONAME',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
])

/** Statuses of a proxy that got no answer, or found no server. A service may give them, too. */
const proxyStatuses = new Set(['502', '503', '504'])

/**
 * Sorts what the caller saw of one call: as its outcome alone, and `proxy-error` where the answer is not
 * signed.
 */
export function sawOfCall({ outcome, servedBy, via }: Pick<CallRecord, 'outcome' | 'servedBy' | 'via'>): Saw {
  // The socket that was dialled is not there.
  if (outcome === 'ENOENT' && via?.startsWith('unix:') === true) return 'unreachable'
  return outcome !== null && servedBy === null && proxyStatuses.has(outcome) ? 'proxy-error' : sawOf(outcome)
}

/**
 * Sorts an outcome: an HTTP status as text, an error's code, or null while unknown. Unknown codes are
 * `other`.
 */
export function sawOf(outcome: string | null): Saw {
  if (outcome === null) return 'silent'
  if (/^[1-9]\d\d$/.test(outcome)) return Number(outcome) >= 500 ? 'error' : 'answered'
  if (resets.has(outcome)) return 'reset'
  if (timeouts.has(outcome)) return 'timeout'
  return unreachables.has(outcome) ? 'unreachable' : 'other'
}
