import type { AskOptions } from '@hoptrace/cli'
import { expect } from 'vitest'
import type { Resolved } from './asker-protocol.js'
import type { Site } from './site.js'

/** Both ways to ask. */
export const MODES = ['iterative', 'recursive'] as const

/** What the test service answers. */
export interface Did {
  readonly id: string
  readonly pid: number
  readonly below: readonly { readonly status: number | string; readonly data?: Did }[]
}

/** Sends a request and resolves to what it was answered. */
export async function order(
  site: Site,
  url: string,
): Promise<{ readonly status: number; readonly did: Did }> {
  const { status, body } = await site.asker.get(url)
  return { status, did: body as Did }
}

/** An answer, or why the question was refused. */
export async function answerOf(site: Site, subject: string, where: AskOptions): Promise<Resolved | string> {
  try {
    return await site.asker.resolve(subject, where)
  } catch (error) {
    return (error as Error).message
  }
}

/** A verdict in short: `died b`. */
export function verdictOf({ verdict, endedAt }: Resolved): string {
  return verdict === 'completed' ? verdict : `${verdict} ${endedAt?.service ?? '-'}`
}

/** The services of the hops of an answer, in order of names. */
export function servicesOf({ hops }: Resolved): string[] {
  return hops.map(({ service }) => service).sort()
}

/** What may be said while a log is on its way, and nothing else. */
const EARLY = /^(undetermined|running|not-found) /

/**
 * Asks both ways until the verdict is there. Until then only `undetermined` is right: anything else fails
 * at once.
 */
export async function expectVerdict(
  site: Site,
  subject: string,
  verdict: string,
  where: AskOptions = site.where,
  patienceMillis = 120_000,
): Promise<Resolved> {
  let last: Resolved | undefined
  for (const mode of MODES) {
    for (const until = Date.now() + patienceMillis; ;) {
      const answer = await answerOf(site, subject, { ...where, mode })
      const said = typeof answer === 'string' ? 'undetermined -' : verdictOf(answer)
      if (typeof answer !== 'string') last = answer
      if (said === verdict) break
      const why = `${mode}: ${typeof answer === 'string' ? answer : answer.evidence.join('; ')}`
      if (!EARLY.test(said) || Date.now() > until) expect(said, why).toBe(verdict)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
  }
  if (last === undefined) throw new Error('nobody was asked')
  return last
}
