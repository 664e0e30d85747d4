import type { Output } from '@hoptrace/cli'
import { runtimeOf } from '../../../dev/runtime.mjs'
import { Chain } from '../chain/chain.js'
import { identify } from '../chain/process-identity.js'
import { placeMany } from '../chain/shop.js'
import type { DemoArguments } from './arguments.js'
import { ask } from './ask.js'
import { readDemoState, writeDemoState, type DemoProcess } from './demo-file.js'
import { DEMO } from './leftovers.js'
import { formatResult, formatSummary, heading, type Result } from './report.js'
import { messageScenarios } from './message-scenarios.js'
import { scenarios } from './scenarios.js'
import type { Stage } from './scenario.js'
import { createProgress } from './progress-line.js'

/** A demo that has run: its results, and the chain, which is still up. */
export interface Demo {
  readonly chain: Chain
  readonly results: readonly Result[]
}

/**
 * The chain of a demo; each start and end of a service is noted in the state file, so that a later demo can
 * stop leftovers.
 */
export async function createDemoChain(options: DemoArguments): Promise<Chain> {
  const runtime = options.runtime && (await runtimeOf(options.runtime))
  return new Chain({
    ports: options.ports,
    ...(options.fronts === undefined ? {} : { fronts: options.fronts }),
    dataDir: options.dataDir,
    store: options.store,
    ...(runtime === undefined ? {} : { runtime: runtime.command }),
    ...(options.messages === undefined ? {} : { env: { SHOP_KAFKA: options.messages } }),
    onChange: (chain) => {
      const services = [...chain.running].map(([name, { pid }]) => ({ name, pid, port: options.ports[name] }))
      const processes = [{ name: DEMO, pid: process.pid, port: null }, ...services].flatMap(
        (one): DemoProcess[] => {
          const identity = identify(one.pid)
          return identity ? [{ ...one, ...identity }] : []
        },
      )
      writeDemoState(options.dataDir, { ...readDemoState(options.dataDir), processes })
    },
  })
}

/**
 * Starts the chain, places orders, causes every scenario and asks about it. Stops between steps when `signal`
 * aborts.
 */
export async function runDemo(
  chain: Chain,
  options: DemoArguments,
  output: Output,
  signal: AbortSignal,
): Promise<Demo> {
  const { paint } = output
  const progress = createProgress(process.stdout, paint)
  const orderId = orderNumbers(options.dataDir)
  const stage: Stage = { chain, where: options, orderId, say: (text) => progress.step(text) }

  const proxies = options.fronts ? ', each behind a reverse proxy' : ''
  progress.step(
    `starting gateway → orders → payments → inventory, and notify, on ${portRange(options)}${proxies}`,
  )
  await chain.startAll()
  await placeMany(chain.entryUrl, options.orders, orderId, (placed, index) => {
    signal.throwIfAborted()
    if (placed.status !== 201) throw new Error(`order ${placed.orderId} was answered ${placed.status}`)
    progress.counter('placing orders', index + 1, options.orders)
  })
  progress.done()

  const results: Result[] = []
  const all = options.messages === undefined ? scenarios : messageScenarios()
  for (const [index, scenario] of all.entries()) {
    signal.throwIfAborted()
    await output.lines([heading(scenario, index, all.length, paint)])
    const caused = await scenario.cause(stage)
    progress.step('asking both ways')
    const asked = await ask(options, caused.subject, scenario.expected)
    progress.done()
    const result = { scenario, caused, asked }
    results.push(result)
    await output.lines(formatResult(result, paint))
    await scenario.repair?.(stage)
    progress.done()
  }
  await output.lines(['', ...formatSummary(results, paint), ''])
  return { chain, results }
}

function orderNumbers(dataDir: string): () => string {
  return () => {
    const state = readDemoState(dataDir)
    writeDemoState(dataDir, { ...state, nextOrder: state.nextOrder + 1 })
    return String(state.nextOrder)
  }
}

function portRange({ ports }: DemoArguments): string {
  const all = Object.values(ports)
  return `ports ${Math.min(...all)}-${Math.max(...all)}`
}
