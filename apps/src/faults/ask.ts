import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError, type Resolver } from '@hoptrace/core'
import { judge, type Answered, type Judged } from './judge.js'
import type { Facts } from './oracle.js'

/** Answers that call themselves early. A process that adopts or asks holds a store for a moment. */
const EARLY: ReadonlySet<string> = new Set(['running', 'not-found'])
const WAITING = /could not be read|pending|ask again|does not answer/
const AT_A_TIME = 6

/** How requests are asked about. */
export interface Asking {
  readonly resolver: Resolver
  readonly factsOf: (request: string) => Facts
  /** Services by the `host:port` that their callers dial: where a service is not known by name, that is its name. */
  readonly dialled: ReadonlyMap<string, string>
  /** For how long, in all, early answers that are not right are asked for again. */
  readonly patienceMillis: number
}

/** Asks about every request, and judges the answers; in the order of the requests. */
export async function askAll(requests: readonly string[], asking: Asking): Promise<Judged[]> {
  const until = performance.now() + asking.patienceMillis
  const judged: Judged[] = []
  const rest = requests.entries()
  const worker = async (): Promise<void> => {
    for (const [index, request] of rest) judged[index] = await askUntil(request, asking, until)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return judged
}

async function askUntil(
  request: string,
  { resolver, factsOf, dialled }: Asking,
  until: number,
): Promise<Judged> {
  for (;;) {
    const before = factsOf(request)
    const answer = named(await answerOf(resolver, request), dialled)
    const judged = judge(request, answer, before, factsOf(request))
    const settled = judged.result === 'right' && judged.lost.length === 0
    const early = EARLY.has(answer.verdict) || answer.evidence.some((line) => WAITING.test(line))
    if (settled || !early || performance.now() > until) return judged
    await sleep(250)
  }
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
