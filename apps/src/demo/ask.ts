import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { openResolver, type Answer } from '@hoptrace/cli'
import { comparable } from './comparable.js'
import { differences, type Expectation } from './scenario.js'
import { behindProxy, type Where } from './where.js'

/** Both ways of asking. */
export const MODES = ['recursive', 'iterative'] as const

/** One of the two ways. */
export type Mode = (typeof MODES)[number]

/** What both ways said, and what is wrong with it. */
export interface Asked {
  readonly answers: Readonly<Record<Mode, Answer>>
  /** Empty when both say what was caused. */
  readonly wrong: readonly string[]
}

/**
 * Asks both ways. While an answer is `undetermined`, `not-found` or `running` without being expected, it may
 * only be early (a dead process's log is still to be adopted, a window to be shipped): it asks again for
 * `patienceMillis`. So it does while the two ways differ, for the same reason.
 */
export async function ask(
  where: Where,
  subject: string,
  expected: Expectation,
  patienceMillis = 15_000,
): Promise<Asked> {
  const deadline = Date.now() + patienceMillis
  for (;;) {
    // In this order: after a recursive question a living service may hold the embedded store of a dead one
    // for a moment.
    const iterative = await answer(where, subject, 'iterative')
    const recursive = await answer(where, subject, 'recursive')
    const answers = { recursive, iterative }
    const wrong = MODES.flatMap((mode) =>
      differences(answers[mode], expected, (name) => behindProxy(where, name)).map(
        (text) => `${mode}: ${text}`,
      ),
    )
    const right = wrong.length === 0
    if (!isDeepStrictEqual(comparable(recursive), comparable(iterative))) wrong.push('the two ways differ')
    // A running request continues between two questions.
    if (right && expected.verdict === 'running') return { answers, wrong: [] }
    const early = right || MODES.some((mode) => EARLY.has(answers[mode].verdict))
    if (wrong.length === 0 || !early || Date.now() > deadline) return { answers, wrong }
    await sleep(400)
  }
}

/** Asks one way. */
export async function answer(where: Where, subject: string, mode: Mode): Promise<Answer> {
  const resolver = openResolver({
    dir: where.dataDir,
    mode,
    ...(where.store === 'level' ? {} : { stores: [where.store] }),
  })
  try {
    return await resolver.resolve(subject)
  } finally {
    await resolver.close()
  }
}

const EARLY: ReadonlySet<string> = new Set(['undetermined', 'not-found', 'running'])
