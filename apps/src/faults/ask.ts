import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError, type Resolver } from '@hoptrace/core'
import { judge, type Answered, type Judged } from './judge.js'
import type { Facts } from './oracle.js'

/** Answers that call themselves early. A process that adopts or asks holds a store for a moment. */
const EARLY: ReadonlySet<string> = new Set(['running', 'not-found'])
const WAITING = /could not be read|pending|ask again|does not answer|the deadline has passed|no answer within/
const AT_A_TIME = 6

/** How requests are asked about. */
export interface Asking {
  readonly resolver: Resolver
  readonly factsOf: (request: string) => Facts
  /** Services by the `host:port` that their callers dial: where a service is not known by name, that is its name. */
  readonly dialled: ReadonlyMap<string, string>
  /** Once all have an answer: for how long early answers that are not right are asked for again. */
  readonly patienceMillis: number
}

/** Asks about every request, and judges the answers; in the order of the requests. */
export async function askAll(requests: readonly string[], asking: Asking): Promise<Judged[]> {
  const answers = new Map<string, Asked>()
  let until: number | undefined
  for (let open = [...requests]; ; await sleep(250)) {
    const rest = open.values()
    const worker = async (): Promise<void> => {
      for (const request of rest) answers.set(request, await askOnce(request, asking))
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
    until ??= performance.now() + asking.patienceMillis
    open = open.filter((request) => answers.get(request)?.isEarly)
    if (open.length === 0 || performance.now() > until) break
  }
  return requests.flatMap((request) => answers.get(request)?.judged ?? [])
}

interface Asked {
  readonly judged: Judged
  /** A later answer may be another one. */
  readonly isEarly: boolean
}

async function askOnce(request: string, { resolver, factsOf, dialled }: Asking): Promise<Asked> {
  const before = factsOf(request)
  const answer = named(await answerOf(resolver, request), dialled)
  const judged = judge(request, answer, before, factsOf(request))
  const isSettled = judged.result === 'right' && judged.lost.length === 0
  const isWaiting = EARLY.has(answer.verdict) || answer.evidence.some((line) => WAITING.test(line))
  return { judged, isEarly: !isSettled && isWaiting }
}

function named(answer: Answered, dialled: ReadonlyMap<string, string>): Answered {
  const { endedAt } = answer
  const service = endedAt && dialled.get(endedAt.service)
  return service ? { ...answer, endedAt: { ...endedAt, service } } : answer
}

/** A question that rejects says nothing about the request. */
async function answerOf(resolver: Resolver, request: string): Promise<Answered> {
  try {
    return await resolver.resolve(`request=${request}`)
  } catch (error) {
    if (!(error instanceof HoptraceError)) throw error
    return { verdict: 'undetermined', endedAt: null, hops: [], faults: [], evidence: [error.message] }
  }
}
