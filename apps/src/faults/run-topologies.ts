import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Output } from '@hoptrace/cli'
import { hbaseUnavailableReason } from '@hoptrace/hbase-dev'
import { netUnavailableReason } from '../net/available.js'
import { startHBaseOn, type HostedHBase } from '../net/hbase-host.js'
import { Network, type NetworkState } from '../net/network.js'
import { campaign } from './campaign.js'
import { ASKER, HOSTS, netTerrain, STORE_HOST } from './net-terrain.js'
import { coldPlan, plansOf, type Plan } from './plan.js'
import { Report } from './report.js'
import { writeFigures } from './figures.js'
import { faultsOf, type TopologyName } from './topologies.js'
import { SERVICES } from './topology.js'

/** What is run over hosts in network namespaces. */
export interface TopologyRuns {
  readonly topologies: readonly TopologyName[]
  /** `hbase`: one that all share, each host with a separate data directory; `level`: one data directory. @default hbase where it can run */
  readonly store: string | undefined
  /** A Markdown file whose figures are replaced by the table: see `writeFigures`. @default none is */
  readonly figures: string | undefined
  /** In all, shared out evenly. */
  readonly runs: number
  /** Requests of a run. @default 250 */
  readonly requests: number | undefined
  readonly seed: number
  readonly json: boolean
  readonly keep: boolean
  readonly verbose: boolean
}

/** The environment of the process on the asking host. */
interface Surroundings {
  readonly network: NetworkState
  readonly hbase: string | null
}

const SURROUNDINGS = 'HOPTRACE_FAULTS_SURROUNDINGS'

/** Runs topologies; resolves to an exit code: 1 when a verdict was wrong, 2 when this machine has no such networks. */
export function runTopologies(runs: TopologyRuns, output: Output, signal: AbortSignal): Promise<number> {
  const told = process.env[SURROUNDINGS]
  return told === undefined
    ? prepareAndRun(runs, output, signal)
    : runHere(runs, JSON.parse(told) as Surroundings, output, signal)
}

/** Makes the network, and runs this program again on one of its hosts. */
async function prepareAndRun(runs: TopologyRuns, output: Output, signal: AbortSignal): Promise<number> {
  const reason = netUnavailableReason()
  if (reason !== undefined) {
    output.note(`skipped: ${reason}`)
    return 2
  }
  const withoutHBase = runs.store === 'level' ? 'as was said' : hbaseUnavailableReason()
  if (runs.store === undefined && withoutHBase !== undefined) output.note(`without HBase: ${withoutHBase}`)
  const network = await Network.create(HOSTS, SERVICES)
  let hbase: HostedHBase | undefined
  try {
    if (withoutHBase === undefined || runs.store === 'hbase')
      hbase = await startHBaseOn(network.host(STORE_HOST))
    const surroundings: Surroundings = { network: network.state, hbase: hbase?.url ?? null }
    return await againOn(network, surroundings, signal)
  } finally {
    await hbase?.remove()
    await network.remove()
  }
}

function againOn(network: Network, surroundings: Surroundings, signal: AbortSignal): Promise<number> {
  const words = [
    ...network.host(ASKER).inside,
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]
  const child = spawn(words[0] ?? '', words.slice(1), {
    stdio: 'inherit',
    env: {
      ...process.env,
      HOPTRACE_KEY: randomBytes(32).toString('base64url'),
      [SURROUNDINGS]: JSON.stringify(surroundings),
    },
  })
  signal.addEventListener('abort', () => void child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function runHere(
  { topologies, runs, requests, seed, json, keep, verbose, figures }: TopologyRuns,
  { network: state, hbase }: Surroundings,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const network = Network.attach(state)
  const report = new Report(output, { kind: 'topology', rows: topologies, seed, json, verbose })
  for (const [index, topology] of topologies.entries()) {
    const share = Math.floor((runs + topologies.length - 1 - index) / topologies.length)
    const cold = faultsOf(topology).includes('crash-loop')
    const plans = plansFor(topology, share, seed + index, cold, requests)
    const all = campaign(plans, signal, {
      keep,
      cold,
      prefix: `${topology}-`,
      terrain: (dataDir) => netTerrain({ network, topology, dataDir, hbase: hbase ?? undefined, requests }),
    })
    for await (const { plan, result } of all) await report.add(topology, plan, result)
  }
  if (figures !== undefined && !signal.aborted) {
    const command = `npm run faults -- --topology ${topologies.join(',')} --runs ${runs} --seed ${seed}`
    await writeFigures(figures, `${command}${hbase === null ? ' --store level' : ''}`, report.table())
  }
  return report.close()
}

function plansFor(
  topology: TopologyName,
  runs: number,
  seed: number,
  cold: boolean,
  requests: number | undefined,
): Plan[] {
  if (runs === 0) return []
  const faults = faultsOf(topology)
  return cold
    ? [coldPlan(seed, requests), ...plansOf(seed, runs - 1, faults, requests)]
    : plansOf(seed, runs, faults, requests)
}
