import type { ResolveResult } from '@hoptrace/core'
import { allowedVerdicts, mayBeUnknown, type Allowed, type Facts } from './oracle.js'
import type { Deed } from './truth.js'

/** How a verdict compares with the truth. */
export type Result = 'right' | 'wrong' | 'undetermined'

/** What of an answer is judged. */
export type Answered = Pick<ResolveResult, 'verdict' | 'endedAt' | 'hops' | 'faults' | 'evidence'>

/** The verdict on one request, compared with the truth. */
export interface Judged {
  readonly request: string
  readonly result: Result
  readonly verdict: string
  readonly truth: string
  /** Its client was answered 200. */
  readonly well: boolean
  /** Services whose process ended with the request in its hands. */
  readonly died: readonly string[]
  /** Whether a verdict that may be had names one of them. */
  readonly named: boolean
  /** Services that finished, to the last byte of their answer. */
  readonly finished: readonly string[]
  /** Those of them whose finished hop is not in the walk. */
  readonly lost: readonly string[]
  /** What the services did, and the hops of the answer, in words. */
  readonly did: string
  readonly walked: string
}

/** Compares an answer with the facts as they were before and after it was given: it is right when it was true at either time. */
export function judge(request: string, answer: Answered, before: Facts, after: Facts): Judged {
  const allowed = unique([...allowedVerdicts(before), ...allowedVerdicts(after)])
  const endedAt = answer.endedAt?.service ?? null
  const open = answer.verdict === 'undetermined' || (answer.verdict === 'not-found' && mayBeUnknown(before))
  const right = allowed.some(
    (one) =>
      one.verdict === answer.verdict &&
      (one.endedAt === null || one.endedAt.some((name) => name === endedAt)),
  )
  const walked = new Set(answer.hops.filter((hop) => hop.state === 'closed').map((hop) => hop.service))
  const pointedAt = new Set([endedAt, ...answer.faults.map((fault) => fault.service)])
  const deeds = [...before.deeds]
  const died = deeds
    .filter(([, { answered, pid }]) => !answered && before.dead.has(pid))
    .map(([name]) => name)
  const finished = deeds.filter(([, { sent }]) => sent).map(([name]) => name)
  return {
    request,
    result: right ? 'right' : open ? 'undetermined' : 'wrong',
    verdict: `${answer.verdict} ${endedAt ?? '-'}: ${answer.evidence.join('; ')}`,
    truth: allowed.map(word).join(' or '),
    well: before.clientGot === 200,
    died,
    named: right && died.some((name) => pointedAt.has(name)),
    finished,
    lost: finished.filter((name) => !walked.has(name)),
    did: deeds.map(([name, deed]) => wordDeed(name, deed, before.dead.has(deed.pid))).join(', '),
    walked: answer.hops
      .map(({ service, instance, state, status }) => `${service} ${instance} ${state} ${status ?? '-'}`)
      .join(', '),
  }
}

/** An answer in words, with what is true. */
export function describeJudged(one: Judged): string {
  return (
    `${one.request}: said ${one.verdict}; true is ${one.truth}; ` +
    `died ${one.died.join(' ') || '-'}, lost ${one.lost.join(' ') || '-'}; ` +
    `the services: ${one.did}; the answer's hops: ${one.walked || '-'}`
  )
}

function wordDeed(name: string, { saw, answered, sent }: Deed, isDead: boolean): string {
  const calls = Object.entries(saw).map(([of, outcome]) => `saw ${outcome} of ${of}`)
  const end = answered === null ? 'did not answer' : `answered ${answered.status}${sent ? '' : ', not sent'}`
  return [name, ...calls, end, ...(isDead ? ['has ended'] : [])].join(' ')
}

/** Whether something happened to a request, or may have. */
export function isTouched(facts: Facts): boolean {
  return (
    allowedVerdicts(facts).some(({ verdict }) => verdict !== 'completed') ||
    [...facts.deeds.values()].some(({ pid }) => facts.dead.has(pid))
  )
}

function unique(allowed: readonly Allowed[]): Allowed[] {
  return [...new Map(allowed.map((one) => [word(one), one])).values()]
}

function word({ verdict, endedAt }: Allowed): string {
  return `${verdict} ${endedAt?.join('|') ?? '-'}`
}
