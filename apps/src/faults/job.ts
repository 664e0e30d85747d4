import { spawn } from 'node:child_process'
import { built } from '../../../dev/built.mjs'
import type { Host } from '../net/host.js'
import type { NetworkState } from '../net/network.js'
import type { Plan } from './plan.js'
import type { RunResult } from './tally.js'
import type { TopologyName } from './topologies.js'

/** The runs of one topology. */
export interface JobOrder {
  readonly topology: TopologyName
  readonly runs: number
  readonly seed: number
  /** Requests of a run. @default 250 */
  readonly requests?: number
  readonly keep: boolean
}

/** What a job says: what came of a run, or that it has done all runs of its order. */
export type JobNews =
  { readonly kind: 'ran'; readonly plan: Plan; readonly result: RunResult } | { readonly kind: 'done' }

/** What a job is started with. */
export interface JobOptions {
  readonly network: NetworkState
  readonly hbase: string | undefined
  readonly key: string
  /** Calls for one order after the other; undefined when none is left. */
  readonly next: () => JobOrder | undefined
  readonly onRun: (order: JobOrder, plan: Plan, result: RunResult) => void
  /** The job ends in order. */
  readonly signal: AbortSignal
}

const program = built(new URL('topology-job.ts', import.meta.url))

/** Starts a job on a host, and resolves when it has done all orders. Rejects when it ends before that. */
export function runJob(host: Host, options: JobOptions): Promise<void> {
  const { network, hbase = '', key, next, onRun, signal } = options
  const words = [...host.inside, process.execPath, program]
  const child = spawn(words[0] ?? '', words.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, HOPTRACE_KEY: key, NETWORK: JSON.stringify(network), HBASE: hbase },
  })
  const end = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', end)
  let order = next()
  const go = (): void => {
    if (order === undefined || signal.aborted) child.disconnect()
    else child.send(order)
  }
  child.on('message', (news: JobNews) => {
    if (order !== undefined && news.kind === 'ran') return onRun(order, news.plan, news.result)
    order = next()
    go()
  })
  go()
  return new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, by) => {
      if (code === 0 || signal.aborted) resolve()
      else
        reject(new Error(`the runs of ${order?.topology ?? 'no topology'} ended with ${String(code ?? by)}`))
    })
  }).finally(() => signal.removeEventListener('abort', end))
}
