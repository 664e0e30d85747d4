import type { VerdictName } from '@hoptrace/cli'
import type { ClientGot } from './load.js'
import { ENTRY, TOPOLOGY, type ServiceName } from './topology.js'
import type { Deed, Deeds } from './truth.js'

/** A verdict that is true, and a place where the request may have ended. */
export interface Allowed {
  readonly verdict: VerdictName
  /** Null: it ended well, or was never there; any place is right. */
  readonly endedAt: readonly string[] | null
}

/** What the processes of the harness have come to. */
export interface Aftermath {
  /** Processes that have ended. */
  readonly dead: ReadonlySet<number>
  /** Services of which a process has ended while the requests were under way. */
  readonly bereft: ReadonlySet<string>
  /**
   * What answers in place of a service that does not: null for a proxy, or the name of a gateway that is
   * itself traced.
   */
  readonly standIns: ReadonlyMap<string, string | null>
}

/** What is known of one request: what the services say that they did, and the status that its client got. */
export interface Facts extends Aftermath {
  readonly deeds: Deeds
  readonly clientGot: ClientGot
}

/**
 * All verdicts that are true of a request. More than one where the truth has two names (a request that was in a dead
 * process's socket buffer: it died there, or it was never read). Deliberately simple, and written without a look at the
 * resolver.
 */
export function allowedVerdicts(facts: Facts): Allowed[] {
  const entry = facts.deeds.get(ENTRY)
  if (!entry) return [at('not-found', null)]
  const { answered } = entry
  const died = [at('interrupted', ENTRY), at('died', ENTRY), ...deathsBelow(ENTRY, facts)]
  if (!answered)
    return hasDied(entry, facts)
      ? died
      : [{ verdict: 'running', endedAt: [...facts.deeds.keys()] as ServiceName[] }]
  const below = answered.status < 500 ? [] : failedBelow(ENTRY, facts)
  // It says that it answers just before it does: its process may have ended in between.
  const isUnheard = typeof facts.clientGot !== 'number' && !entry.sent
  // Its client went away before the answer: done, and too late. A client that was cut off did not go.
  const gone = isUnheard && facts.clientGot === 'late' ? [at('failed', ENTRY)] : []
  if (isUnheard && !answered.lost && hasDied(entry, facts))
    return [...died, ...gone, ...(answered.status < 500 ? [at('completed', null)] : below)]
  // An entry that breaks its own answer has done the work; only its client can say how it looks from outside.
  if (answered.lost) return [at('completed', null), at('failed', ENTRY), at('running', ENTRY), ...below]
  if (answered.status >= 500) return below
  return [at('completed', null), ...(isUnheard ? [at('failed', ENTRY)] : [])]
}

/**
 * Its entry was killed before its first call left: within a tenth of a second nothing of it is on disk, and no process but its
 * client knows. That no record is found is then no verdict on it.
 */
export function mayBeUnknown({ deeds, dead }: Facts): boolean {
  const entry = deeds.get(ENTRY)
  return (
    entry !== undefined &&
    deeds.size === 1 &&
    entry.answered === null &&
    dead.has(entry.pid) &&
    Object.keys(entry.saw).length === 0
  )
}

/** Where a request ended that failed at that service, or beyond it. */
function failedBelow(name: ServiceName, facts: Facts): Allowed[] {
  const saw = facts.deeds.get(name)?.saw ?? {}
  const failing = TOPOLOGY[name].next.filter((next) => saw[next] !== '200')
  if (failing.length === 0) return [at('failed', name)]
  return failing.flatMap((next) => failedCall(name, next, saw[next] ?? 'nothing', facts))
}

function failedCall(name: ServiceName, next: ServiceName, saw: string, facts: Facts): Allowed[] {
  const below = facts.deeds.get(next)
  const standIn = facts.standIns.get(next)
  if (!below) return [...notTaken(name, next, saw, facts), ...answeredInstead(next, saw, facts)]
  if (!below.answered) return notFinished(next, saw, below, facts)
  const deeper = below.answered.status < 500 ? [] : failedBelow(next, facts)
  if (saw === String(below.answered.status)) return deeper
  // It finished all the same: too slow, or its answer was lost. Whose failure that is has two names, and it may have
  // failed as well. It says that it answers just before it does: its process may have ended in between.
  const inBetween = hasDied(below, facts) && !below.sent && !below.answered.lost
  return [
    { verdict: 'failed', endedAt: [name, next, ...(standIn ? [standIn] : [])] },
    ...deeper,
    ...(inBetween ? [at('died', next)] : []),
  ]
}

/** Nothing took the request in its hands. A process that has ended may have had it in a buffer. */
function notTaken(name: ServiceName, next: ServiceName, saw: string, { bereft }: Facts): Allowed[] {
  if (saw === 'ECONNREFUSED') return [at('unreachable', next)]
  return [
    at('unreachable', next),
    ...(bereft.has(next) ? [at('died', next)] : []),
    ...(isTimeout(saw) ? [at('failed', next), at('failed', name)] : []),
  ]
}

/** A proxy or a gateway gave a failure as its answer: at the service if it is the proxy of that service, else at the gateway. */
function answeredInstead(next: ServiceName, saw: string, { standIns }: Facts): Allowed[] {
  const standIn = standIns.get(next)
  if (standIn === undefined || !(/^5\d\d$/.test(saw) || isTimeout(saw))) return []
  // A gateway may not have taken it, either.
  return [
    at('failed', next),
    ...(standIn === null ? [] : [at('failed', standIn), at('unreachable', standIn)]),
  ]
}

/** It was at work when its caller's call failed. */
function notFinished(next: ServiceName, saw: string, below: Deed, facts: Facts): Allowed[] {
  const standIn = facts.standIns.get(next)
  const failed = [next, ...(standIn ? [standIn] : [])].map((one) => at('failed', one))
  if (!hasDied(below, facts)) return [...failed, at('running', next), ...waitedFor(next, facts)]
  // It may have hung first, until its caller gave up, and have ended later.
  const hung = isTimeout(saw) ? failed : []
  return [at('died', next), ...hung, ...deathsBelow(next, facts)]
}

/** Services that have not answered `name` yet, and those that they wait for: their caller waits for nothing else. */
function waitedFor(name: ServiceName, facts: Facts): Allowed[] {
  return TOPOLOGY[name].next.flatMap((next) => {
    const below = facts.deeds.get(next)
    if (!below || below.answered || facts.deeds.get(name)?.saw[next] !== undefined) return []
    return [at('failed', next), at('running', next), ...waitedFor(next, facts)]
  })
}

/** Services that `name` was waiting for, and whose processes ended as its own did: the request had reached them. */
function deathsBelow(name: ServiceName, facts: Facts): Allowed[] {
  return TOPOLOGY[name].next.flatMap((next) => {
    const below = facts.deeds.get(next)
    if (!below || below.answered || !hasDied(below, facts)) return []
    return [at('died', next), ...deathsBelow(next, facts)]
  })
}

/** Codes of a caller that gave up waiting. */
export function isTimeout(outcome: string): boolean {
  return outcome === 'ETIMEDOUT' || outcome === 'ECONNABORTED' || outcome === 'ERR_CANCELED'
}

function hasDied({ pid }: Deed, { dead }: Aftermath): boolean {
  return dead.has(pid)
}

function at(verdict: VerdictName, service: string | null): Allowed {
  return { verdict, endedAt: service === null ? null : [service] }
}
