import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fleet } from './fleet.js'
import type { Plan } from './plan.js'
import { runAndAsk } from './question.js'
import type { RunResult } from './tally.js'
import { TruthReader } from './truth-reader.js'
import { warmUp } from './warm-up.js'

/** Runs with the same processes and data directory. */
const RUNS_A_FLEET = 20

/**
 * Runs plans one after the other; yields what came of each. Ends early, with everything
 * stopped, when `signal` fires. `keep`: leaves the data directories.
 */
export async function* campaign(
  plans: readonly Plan[],
  signal: AbortSignal,
  keep = false,
): AsyncGenerator<{ readonly plan: Plan; readonly result: RunResult }> {
  for (let from = 0; from < plans.length && !signal.aborted; from += RUNS_A_FLEET) {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-faults-'))
    const fleet = await Fleet.start(dataDir, { kind: 'hoptrace' })
    await warmUp(fleet)
    const reader = new TruthReader(fleet.truthFiles)
    try {
      for (const [offset, plan] of plans.slice(from, from + RUNS_A_FLEET).entries()) {
        if (signal.aborted) return
        const run = from + offset
        const mode = run % 2 === 0 ? 'iterative' : 'recursive'
        yield { plan, result: await runAndAsk(fleet, reader, plan, `run${run}`, mode) }
        reader.forget()
      }
    } finally {
      reader.close()
      await fleet.stop()
      if (!keep) await rm(dataDir, { recursive: true, force: true })
    }
  }
}
