import type { VerdictName } from '@hoptrace/cli'
import { CHAIN, type ChainService } from './plan.js'
import type { Deed } from './truth.js'

/** A verdict that is true, and where the request may be said to have ended. */
export interface Allowed {
  readonly verdict: VerdictName
  /** Null: it ended well, or was never there, wherever that is said to be. */
  readonly endedAt: readonly ChainService[] | null
}

/** What the processes of the chain have come to. */
export interface Aftermath {
  /** Processes that have ended. */
  readonly dead: ReadonlySet<number>
}

/**
 * All verdicts that are true of a request, from what the services say that they did. More than one where the truth has
 * two names (a request that was in a dead process's socket buffer: it died there, or it was never read).
 * Deliberately simple, and written without a look at the resolver.
 */
export function allowedVerdicts(deeds: ReadonlyMap<string, Deed>, aftermath: Aftermath): Allowed[] {
  const entry = deeds.get(CHAIN[0])
  if (!entry) return [at('not-found', null)]
  if (!entry.answered) {
    return aftermath.dead.has(entry.pid)
      ? [at('interrupted', CHAIN[0]), at('died', CHAIN[0])]
      : [at('running', CHAIN[0])]
  }
  // An entry that breaks its own answer has done the work; only its client can say how it looks from outside.
  if (entry.answered.lost) return [at('completed', null), at('failed', CHAIN[0]), at('running', CHAIN[0])]
  if (entry.answered.status < 500) return [at('completed', null)]
  return failedBelow(0, deeds, aftermath)
}

/** What is true of a request that failed at the service of that place in the chain, or beyond. */
function failedBelow(index: number, deeds: ReadonlyMap<string, Deed>, aftermath: Aftermath): Allowed[] {
  const name = CHAIN[index]
  const next = CHAIN[index + 1]
  if (name === undefined) return []
  const deed = deeds.get(name)
  if (!deed?.answered || next === undefined || deed.saw === null) return [at('failed', name)]
  const below = deeds.get(next)
  if (!below?.answered || below.answered.status < 500) return beyond(name, next, deed.saw, below, aftermath)
  const deeper = failedBelow(index + 1, deeds, aftermath)
  if (deed.saw === String(below.answered.status)) return deeper
  // The next one failed as well, and too late: both are reasons.
  return [{ verdict: 'failed', endedAt: [name, next] }, ...deeper]
}

/** `name` saw its call fail, and `next` did not just pass on a failure. */
function beyond(
  name: ChainService,
  next: ChainService,
  saw: string,
  below: Deed | undefined,
  { dead }: Aftermath,
): Allowed[] {
  if (!below) {
    // Nothing took the request in its hands. Its process may have had it in a buffer.
    if (saw === 'ECONNREFUSED') return [at('unreachable', next)]
    return [
      at('unreachable', next),
      at('died', next),
      ...(isTimeout(saw) ? [at('failed', next), at('failed', name)] : []),
    ]
  }
  if (!below.answered)
    return dead.has(below.pid) ? [at('died', next)] : [at('failed', next), at('running', next)]
  // It finished all the same: too slow, or its answer was lost. Whose failure that is has two names. It says that it
  // answers just before it does, so its process may have ended in between.
  const failed: Allowed = { verdict: 'failed', endedAt: [name, next] }
  return dead.has(below.pid) && !below.answered.lost && !isTimeout(saw)
    ? [failed, at('died', next)]
    : [failed]
}

/** Codes of a caller that gave up waiting. */
export function isTimeout(outcome: string): boolean {
  return outcome === 'ETIMEDOUT' || outcome === 'ECONNABORTED' || outcome === 'ERR_CANCELED'
}

function at(verdict: VerdictName, service: ChainService | null): Allowed {
  return { verdict, endedAt: service === null ? null : [service] }
}
