import { messageSent } from '../../record/destination.js'
import { meaningOf } from '../../record/outcome-codes.js'
import type { CallRecord } from '../../record/record.js'

/**
 * What a caller saw of a call, in the cases that the verdict distinguishes. `proxy-error`: a status that
 * proxies send when they got no answer, without the signature of a hoptrace service.
 */
export type Saw =
  'answered' | 'error' | 'proxy-error' | 'reset' | 'timeout' | 'unreachable' | 'silent' | 'other'

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
  // That the broker has a message says nothing of its consumer.
  if (outcome === null || outcome === messageSent) return 'silent'
  if (/^[1-9]\d\d$/.test(outcome)) return Number(outcome) >= 500 ? 'error' : 'answered'
  return meaningOf(outcome) ?? 'other'
}
