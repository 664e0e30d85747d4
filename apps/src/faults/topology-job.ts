import { Network, type NetworkState } from '../net/network.js'
import { campaign } from './campaign.js'
import type { JobNews, JobOrder } from './job.js'
import { netTerrain } from './net-terrain.js'
import { coldPlan, plansOf, type Plan } from './plan.js'
import { faultsOf } from './topologies.js'

// A process on the asking host of a network: it runs one topology after the other, as it is ordered, and reports each run.

const { NETWORK = '{}', HBASE = '' } = process.env
const network = Network.attach(JSON.parse(NETWORK) as NetworkState)
const stopped = new AbortController()
for (const end of ['SIGINT', 'SIGTERM', 'disconnect']) process.once(end, () => stopped.abort())

async function run(order: JobOrder): Promise<void> {
  const { topology, requests, keep } = order
  const cold = faultsOf(topology).includes('crash-loop')
  const hbase = HBASE === '' ? undefined : HBASE
  const all = campaign(plansFor(order, cold), stopped.signal, {
    keep,
    cold,
    prefix: `${topology}-`,
    terrain: (dataDir) => netTerrain({ network, topology, dataDir, hbase, requests }),
  })
  for await (const { plan, result } of all) tell({ kind: 'ran', plan, result })
}

function plansFor({ topology, runs, seed, requests }: JobOrder, cold: boolean): Plan[] {
  if (runs === 0) return []
  const faults = faultsOf(topology)
  return cold
    ? [coldPlan(seed, requests), ...plansOf(seed, runs - 1, faults, requests)]
    : plansOf(seed, runs, faults, requests)
}

function tell(news: JobNews): void {
  process.send?.(news)
}

process.on('message', (order: JobOrder) => {
  run(order).then(
    () => tell({ kind: 'done' }),
    (error: unknown) => {
      throw error
    },
  )
})
