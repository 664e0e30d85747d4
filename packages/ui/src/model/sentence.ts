import type { Place, ResolveResult, Verdict } from '@hoptrace/core'

/** How a verdict looks: a sign that needs no colour, a word, and the class that colours it. */
export interface VerdictLook {
  readonly sign: string
  readonly word: string
  readonly tone: 'good' | 'bad' | 'open' | 'unsure'
}

/** The look of each verdict. */
export const LOOKS: Readonly<Record<Verdict, VerdictLook>> = {
  completed: { sign: '✔', word: 'completed', tone: 'good' },
  failed: { sign: '!', word: 'failed', tone: 'bad' },
  died: { sign: '✗', word: 'died', tone: 'bad' },
  unreachable: { sign: '⊘', word: 'unreachable', tone: 'bad' },
  interrupted: { sign: '✗', word: 'interrupted', tone: 'bad' },
  running: { sign: '…', word: 'running', tone: 'open' },
  undetermined: { sign: '?', word: 'undetermined', tone: 'unsure' },
  'not-found': { sign: '?', word: 'not found', tone: 'unsure' },
}

/** Whether a request ended somewhere before it was answered well. A completed or a running one has a place as well, which is no fault. */
export function endedBadly(verdict: Verdict): boolean {
  return LOOKS[verdict].tone === 'bad'
}

/** The verdict in one sentence. */
export function verdictSentence({
  verdict,
  endedAt,
  lastHealthy,
}: Pick<ResolveResult, 'verdict' | 'endedAt' | 'lastHealthy'>): string {
  const where = placeText(endedAt)
  const healthy =
    lastHealthy === null || lastHealthy.hopId === endedAt?.hopId
      ? ''
      : `; ${placeText(lastHealthy)} was the last healthy service`
  switch (verdict) {
    case 'completed':
      return 'The request completed.'
    case 'failed':
      return `The request failed in ${where}${healthy}.`
    case 'died':
      return `The request died in ${where}${healthy}.`
    case 'unreachable':
      return `${where} could not be reached${healthy}.`
    case 'interrupted':
      return `The process of ${where} ended before the request did${healthy}.`
    case 'running':
      return endedAt === null ? 'The request is running.' : `The request is running, now in ${where}.`
    case 'undetermined':
      return 'How the request ended cannot be decided yet; the evidence says what is missing.'
    case 'not-found':
      return 'No record of this request was found.'
  }
}

function placeText(place: Place | null): string {
  return place === null ? 'an unknown place' : `${place.service} (${place.instance})`
}

type PartialReason = ResolveResult['partialBecause'][number]

const PARTIAL: Readonly<Record<PartialReason, string>> = {
  hops: 'it has more hops than the limit',
  depth: 'its chain of calls is longer than the limit',
  deadline: 'the deadline passed (--timeout)',
  beginning: 'its beginning is missing',
}

/** Why an answer is partial. Reasons that this version does not know are left out. */
export function partialSentence(reasons: readonly string[]): string {
  const known = reasons.flatMap((reason) =>
    Object.hasOwn(PARTIAL, reason) ? PARTIAL[reason as PartialReason] : [],
  )
  return `not all of it is known: ${known.length > 0 ? known.join(', and ') : 'a part of it could not be read'}`
}
