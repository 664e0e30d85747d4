import { parseArgs } from 'node:util'
import { createOutput } from '@hoptrace/cli'
import { campaign } from './campaign.js'
import { runDamage } from './damage/damage.js'
import { FAULTS, plansOf } from './plan.js'
import { Report } from './report.js'
import { runTopologies } from './run-topologies.js'
import { topologiesOf } from './topologies.js'

// Breaks processes under load in seeded ways, and compares every verdict with what the services really did. With --topology:
// on hosts in network namespaces, with something between them. With --damage: damages what services recorded, and compares
// every answer with the one before the damage.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '7' },
    topology: { type: 'string' },
    store: { type: 'string' },
    requests: { type: 'string' },
    figures: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    damage: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const runs = Number(values.runs)
const { topology, store, figures, json, keep, verbose } = values
const output = createOutput(process.stdout, process.stderr, process.env)
const stopped = new AbortController()
process.once('SIGINT', () => stopped.abort())
process.once('SIGTERM', () => stopped.abort())

async function onLoopback(): Promise<number> {
  const faults = FAULTS.filter((fault) => values.only?.includes(fault) ?? true)
  const report = new Report(output, { kind: 'fault', rows: faults, seed, json, verbose })
  for await (const { plan, result } of campaign(plansOf(seed, runs, faults), stopped.signal, { keep }))
    await report.add(result.fault, plan, result)
  return report.close()
}

if (values.damage) process.exit(await runDamage({ ...values, runs, seed }, stopped.signal))
else if (topology === undefined) process.exitCode = await onLoopback()
else {
  const requests = values.requests === undefined ? undefined : Number(values.requests)
  const topologies = topologiesOf(topology)
  const jobs = Number(values.jobs)
  const asked = { topologies, store, figures, runs, requests, jobs, seed, json, keep, verbose }
  process.exitCode = await runTopologies(asked, output, stopped.signal)
}
