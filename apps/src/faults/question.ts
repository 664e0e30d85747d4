import { openResolver, type AskOptions } from '@hoptrace/cli'
import { setTimeout as sleep } from 'node:timers/promises'
import { shipLogs } from '../chain/ship-logs.js'
import { askAll } from './ask.js'
import type { Fleet } from './fleet.js'
import { isTouched, type Judged } from './judge.js'
import type { Got } from './load.js'
import type { Facts } from './oracle.js'
import type { Plan } from './plan.js'
import { mend, runPlan } from './run.js'
import type { RunResult } from './tally.js'
import type { Terrain } from './terrain.js'
import { SERVICES } from './topology.js'
import type { TruthReader } from './truth-reader.js'

/** Of the requests without a fault, only one in this number is asked about at once. */
const SAMPLE = 10
/** No more than this are asked about before the dead are shipped: the ones nearest to the first fault. */
const MOST_EARLY = 150
/** A process that hangs costs each question the resolver's patience. */
const MOST_EARLY_HANGING = 24
const PATIENCE_MILLIS = 15_000

/** Runs a plan and asks about its requests three times: at once, from where the logs of the dead cannot be read, and when they are shipped. */
export async function runAndAsk(
  fleet: Fleet,
  reader: TruthReader,
  plan: Plan,
  prefix: string,
  mode: 'iterative' | 'recursive',
): Promise<RunResult> {
  const got: Got = await runPlan(fleet, plan, prefix)
  const factsOf = (request: string): Facts => ({
    deeds: reader.of(request),
    clientGot: got.get(request) ?? null,
    dead: new Set(fleet.dead),
    bereft: new Set(fleet.bereft),
    standIns: fleet.terrain.standIns,
  })
  const ask = async (
    requests: readonly string[],
    where: AskOptions,
    how: 'iterative' | 'recursive',
    patienceMillis: number,
  ): Promise<Judged[]> => {
    const resolver = openResolver({ ...where, mode: how })
    try {
      return await askAll(requests, { resolver, factsOf, dialled: dialledOf(fleet.terrain), patienceMillis })
    } finally {
      await resolver.close()
    }
  }
  const early = [...got.keys()].filter(
    (request, index) => index % SAMPLE === 0 || isTouched(factsOf(request)),
  )
  const touched = nearest(early, plan)
  const { terrain } = fleet
  const near = terrain.near(plan[0].service)
  const atOnce = await ask(touched, near, mode, 0)
  const nobodyAdopts = await ask(touched, await terrain.far(), 'iterative', 0)
  for (const [request, status] of await mend(fleet, plan, prefix)) got.set(request, status)
  await ship(terrain)
  const shipped = await ask([...got.keys()], near, mode, PATIENCE_MILLIS)
  return {
    fault: plan[0].fault,
    requests: got.size,
    judged: { 'at once': atOnce, 'nobody adopts': nobodyAdopts, shipped },
    removed: plan.filter(({ fault }) => fault === 'log-removed').map(({ service }) => service),
  }
}

function dialledOf(terrain: Terrain): ReadonlyMap<string, string> {
  return new Map(
    SERVICES.map((service) => {
      const { hostname, port } = new URL(terrain.urlOf(service))
      return [`${hostname}:${port || 80}`, service]
    }),
  )
}

/** Until nothing is left, or another process holds it for too long. */
async function ship({ shipped: { dirs, stores } }: Terrain): Promise<void> {
  for (const dataDir of dirs) {
    for (let tries = 0; tries < 5; tries++) {
      const { left } = await shipLogs(dataDir, stores)
      if (left.length === 0) break
      await sleep(500)
    }
  }
}

function nearest(requests: readonly string[], plan: Plan): string[] {
  const [{ at }] = plan
  const far = (request: string): number => Math.abs(Number(request.slice(request.lastIndexOf('-') + 1)) - at)
  const most = plan.some(({ fault }) => fault === 'hang') ? MOST_EARLY_HANGING : MOST_EARLY
  return requests.toSorted((a, b) => far(a) - far(b)).slice(0, most)
}
