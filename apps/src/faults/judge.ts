import { setTimeout as sleep } from 'node:timers/promises'
import { openResolver, type Answer } from '@hoptrace/cli'
import type { Fleet } from './fleet.js'
import { allowedVerdicts } from './oracle.js'
import { readTruth, type Deed } from './truth.js'

/** How the verdict on one request compares with the truth. */
export interface Judged {
  readonly request: string
  readonly result: 'right' | 'wrong' | 'undetermined'
  readonly verdict: string
  readonly truth: string
  /** Services that finished their work and whose hop is not in the walk. */
  readonly lost: readonly string[]
}

/**
 * Compares the verdict on every request with what the services say that they did. Asks again for a while only where the
 * answer says itself that it is not the last word: logs of the dead are still being adopted.
 */
export async function judgeAll(
  fleet: Fleet,
  requests: readonly string[],
  mode: 'recursive' | 'iterative',
): Promise<Judged[]> {
  const truth = readTruth(fleet.truthFiles)
  const resolver = openResolver({ dir: fleet.dataDir, mode })
  const patient = Date.now() + 15_000
  const judged: Judged[] = []
  try {
    for (const request of requests) {
      const deeds = truth.get(request) ?? new Map<string, Deed>()
      for (;;) {
        const answer = await resolver.resolve(`request=${request}`)
        const one = judge(request, answer, deeds, fleet.dead)
        if (one.result === 'right' || !EARLY.has(answer.verdict) || Date.now() > patient) {
          judged.push(one)
          break
        }
        await sleep(200)
      }
    }
    return judged
  } finally {
    await resolver.close()
  }
}

function judge(
  request: string,
  answer: Answer,
  deeds: ReadonlyMap<string, Deed>,
  dead: ReadonlySet<number>,
): Judged {
  const allowed = allowedVerdicts(deeds, { dead })
  const endedAt = answer.endedAt?.service ?? null
  const right = allowed.some(
    (one) =>
      one.verdict === answer.verdict &&
      (one.endedAt === null || one.endedAt.some((name) => name === endedAt)),
  )
  const walked = new Set(answer.hops.filter((hop) => hop.state === 'closed').map((hop) => hop.service))
  return {
    request,
    result: right ? 'right' : answer.verdict === 'undetermined' ? 'undetermined' : 'wrong',
    verdict: `${answer.verdict} ${endedAt ?? '-'}: ${answer.evidence.join('; ')}`,
    truth: allowed.map((one) => `${one.verdict} ${one.endedAt?.join('|') ?? '-'}`).join(' or '),
    lost: [...deeds]
      .filter(([name, deed]) => deed.answered && !deed.answered.lost && !walked.has(name))
      .map(([name]) => name),
  }
}

const EARLY: ReadonlySet<string> = new Set(['undetermined', 'running', 'not-found'])
