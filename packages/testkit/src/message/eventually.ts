import { setTimeout as sleep } from 'node:timers/promises'
import { createResolver, type ResolveResult } from '@hoptrace/core'

export const waitMillis = 60_000

/**
 * The first answer about a trace that `isWanted` accepts, from the services of a data directory.
 * Rejects with the last answer after `withinMillis`, by default a minute.
 */
export async function eventually(
  dir: string,
  id: string,
  isWanted: (result: ResolveResult) => boolean,
  withinMillis = waitMillis,
): Promise<ResolveResult> {
  const resolver = createResolver({ dir })
  try {
    for (const until = performance.now() + withinMillis; ; await sleep(50)) {
      const result = await resolver.resolve(id)
      if (isWanted(result)) return result
      if (performance.now() > until) throw new Error(`not so: ${JSON.stringify(result)}`)
    }
  } finally {
    await resolver.close()
  }
}
