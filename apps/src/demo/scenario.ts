import type { Answer, VerdictName } from '@hoptrace/cli'
import type { Chain } from '../chain/chain.js'
import type { ServiceName } from '../chain/services.js'
import type { Where } from './where.js'

/** Where a mail waits until notify takes it. */
export type MailsTopic = 'kafka://mails'

/** What a verdict must say to be right. */
export interface Expectation {
  readonly verdict: VerdictName
  /** Left out for what completed: it ended well wherever it ended last. */
  readonly endedAt?: ServiceName | MailsTopic
  readonly lastHealthy?: ServiceName | null
  /** Services whose hops must be in the walk. */
  readonly hops: readonly ServiceName[]
  /**
   * Its hop may be in the walk as well. A process that is reached through a proxy logs a request before it handles it;
   * one that is dialled directly may be killed before it has logged anything.
   */
  readonly maybe?: ServiceName
  /** Pairs of a service and an event that its hop must show. */
  readonly events?: readonly (readonly [ServiceName, string])[]
  /** What may be said as well once every process has ended: a hop that was open is then interrupted. */
  readonly afterTheEnd?: readonly VerdictName[]
}

/** What a scenario works with. */
export interface Stage {
  readonly chain: Chain
  readonly where: Where
  /** The next order's id. */
  orderId(): string
  /** Says what is being done. */
  say(text: string): void
}

/** What a scenario caused: the order, and the id or key to ask about. */
export interface Caused {
  readonly orderId: string
  readonly subject: string
  /** How the shop answered: an HTTP status, or why there was none. */
  readonly answer: string
}

/** One way in which a request may go. */
export interface Scenario {
  readonly name: string
  /** In a few words: what is done to the chain. */
  readonly caused: string
  readonly expected: Expectation
  cause(stage: Stage): Promise<Caused>
  /** Brings back what the scenario ended, once the verdict is known. */
  repair?(stage: Stage): Promise<void>
}

/** What is wrong with an answer; empty when it is what was caused. `nameOf`: the service that a place is of. */
export function differences(
  answer: Answer,
  expected: Expectation,
  nameOf: (service: string) => string = (service) => service,
): string[] {
  const found: string[] = []
  const differ = (what: string, is: string | null | undefined, should: string | null): void => {
    if ((is ?? null) !== should) found.push(`${what} is ${is ?? 'none'}, not ${should ?? 'none'}`)
  }
  if (answer.verdict !== expected.verdict) {
    found.push(`verdict is ${answer.verdict}, not ${expected.verdict}: ${answer.evidence.join('; ')}`)
  }
  if (expected.endedAt !== undefined) {
    const endedAt = answer.endedAt?.service ?? null
    differ('ended at', endedAt === null ? null : nameOf(endedAt), expected.endedAt)
  }
  if (expected.lastHealthy !== undefined)
    differ('last healthy', answer.lastHealthy?.service, expected.lastHealthy)
  const services = answer.hops
    .map((hop) => hop.service)
    .filter((service) => service !== expected.maybe)
    .sort()
  differ('hops', services.join(', '), [...expected.hops].sort().join(', '))
  for (const [service, event] of expected.events ?? []) {
    const hop = answer.hops.find((one) => one.service === service)
    if (!hop?.events.some((one) => one.name === event)) found.push(`${service} does not show ${event}`)
  }
  return found
}
