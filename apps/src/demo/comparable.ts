import type { Answer } from '@hoptrace/cli'

/** What must not depend on the way of asking: everything but where it was read and by whose word, how much, how long, and in what words. */
export function comparable(answer: Answer): unknown {
  const { traceId, verdict, endedAt, lastHealthy } = answer
  const hops = answer.hops.map(({ toldBy: _, ...hop }) => ({ ...hop, source: null }))
  return { traceId, verdict, endedAt, lastHealthy, hops }
}
