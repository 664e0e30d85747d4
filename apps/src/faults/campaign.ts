import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Fleet } from './fleet.js'
import type { Plan } from './plan.js'
import { runAndAsk } from './question.js'
import type { RunResult } from './tally.js'
import { loopbackTerrain, type Terrain } from './terrain.js'
import { TruthReader } from './truth-reader.js'
import { warmUp } from './warm-up.js'

/** Runs with the same processes and data directory. */
const RUNS_A_FLEET = 20

/** How plans are run. */
export interface CampaignOptions {
  /** Leaves the data directories. @default false */
  readonly keep?: boolean
  /** Where the processes run, in a data directory that is made for them. @default on loopback */
  readonly terrain?: (dataDir: string) => Promise<Terrain>
  /** The first plan meets processes without a request so far. @default false */
  readonly cold?: boolean
  /** Beginning of the names of its requests. @default 'run' */
  readonly prefix?: string
}

/** Runs plans one after the other; yields what came of each. Ends early, with everything stopped, when `signal` fires. */
export async function* campaign(
  plans: readonly Plan[],
  signal: AbortSignal,
  { keep = false, terrain = loopbackTerrain, cold = false, prefix = 'run' }: CampaignOptions = {},
): AsyncGenerator<{ readonly plan: Plan; readonly result: RunResult }> {
  for (let from = 0; from < plans.length && !signal.aborted; from += RUNS_A_FLEET) {
    const some = plans.slice(from, from + RUNS_A_FLEET)
    const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-faults-'))
    const doomed = cold ? (some[0] ?? []).filter(({ fault }) => fault === 'crash-loop') : []
    const services = doomed.map(({ service }) => service)
    const fleet = await Fleet.start(dataDir, { kind: 'hoptrace' }, await terrain(dataDir), services)
    const reader = new TruthReader(fleet.truthFiles)
    try {
      if (!cold) await warmUp(fleet)
      for (const [offset, plan] of some.entries()) {
        if (signal.aborted) return
        const run = from + offset
        const mode = run % 2 === 0 ? 'iterative' : 'recursive'
        yield { plan, result: await runAndAsk(fleet, reader, plan, `${prefix}${run}`, mode) }
        reader.forget()
      }
    } finally {
      reader.close()
      await fleet.stop()
      if (!keep) await rm(dataDir, { recursive: true, force: true })
    }
  }
}
