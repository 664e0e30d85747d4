import { randomBytes } from 'node:crypto'
import type { Output } from '@hoptrace/cli'
import { hbaseUnavailableReason } from '@hoptrace/hbase-dev'
import { netUnavailableReason } from '../net/available.js'
import { startHBaseOn, type HostedHBase } from '../net/hbase-host.js'
import { Network } from '../net/network.js'
import { writeFigures } from './figures.js'
import { runJob, type JobOrder } from './job.js'
import { ASKER, HOSTS, STORE_HOST } from './net-terrain.js'
import { Report } from './report.js'
import type { TopologyName } from './topologies.js'
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
  /** Topologies that run side by side, each in its own network. */
  readonly jobs: number
  readonly seed: number
  readonly json: boolean
  readonly keep: boolean
  readonly verbose: boolean
}

/** Runs topologies; resolves to an exit code: 1 when a verdict was wrong, 2 when this machine has no such networks. */
export async function runTopologies(
  runs: TopologyRuns,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const reason = netUnavailableReason()
  if (reason !== undefined) {
    output.note(`skipped: ${reason}`)
    return 2
  }
  const { topologies, jobs, figures } = runs
  const withoutHBase = runs.store === 'level' ? 'as was said' : hbaseUnavailableReason()
  if (runs.store === undefined && withoutHBase !== undefined) output.note(`without HBase: ${withoutHBase}`)
  const isHBase = withoutHBase === undefined || runs.store === 'hbase'
  const report = new Report(output, { ...runs, kind: 'topology', rows: topologies })
  const orders = ordersOf(runs).values()
  let reported = Promise.resolve()
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, failed.signal])
  const job = async (): Promise<void> => {
    const network = await Network.create(HOSTS, SERVICES)
    let hbase: HostedHBase | undefined
    try {
      if (isHBase) hbase = await startHBaseOn(network.host(STORE_HOST))
      await runJob(network.host(ASKER), {
        network: network.state,
        hbase: hbase?.url,
        key: randomBytes(32).toString('base64url'),
        next: () => orders.next().value,
        onRun: ({ topology }, plan, result) => {
          reported = reported.then(() => report.add(topology, plan, result))
        },
        signal: stop,
      })
    } catch (error) {
      failed.abort()
      throw error
    } finally {
      await hbase?.remove()
      await network.remove()
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: Math.min(jobs, topologies.length) }, job))
  await reported
  const failures = ended.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  if (failures.length > 0) {
    await report.close()
    throw new Error(failures.join('; '))
  }
  if (figures !== undefined && !signal.aborted)
    await writeFigures(figures, commandOf(runs, isHBase), report.table())
  return report.close()
}

/** The runs of each topology. */
function ordersOf({ topologies, runs, seed, requests, keep }: TopologyRuns): JobOrder[] {
  return topologies.map((topology, index) => ({
    topology,
    runs: Math.floor((runs + topologies.length - 1 - index) / topologies.length),
    seed: seed + index,
    ...(requests === undefined ? {} : { requests }),
    keep,
  }))
}

function commandOf({ topologies, runs, seed, requests, jobs }: TopologyRuns, isHBase: boolean): string {
  const words = [`npm run faults -- --topology ${topologies.join(',')} --runs ${runs} --seed ${seed}`]
  if (requests !== undefined) words.push(`--requests ${requests}`)
  if (jobs !== 1) words.push(`--jobs ${jobs}`)
  if (!isHBase) words.push('--store level')
  return words.join(' ')
}
