import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, hopIdNanos, type HopId, type HopJson, type ResolveResult } from '@hoptrace/core'
import { built } from '../../../dev/built.mjs'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { placeMany } from '../chain/shop.js'
import { order, scenarios } from '../demo/scenarios.js'
import type { Stage } from '../demo/scenario.js'
import { node, repo } from '../e2e/installed.fixture.js'

/** An export of a real chain, whose services were killed, and what the resolver says of the same requests. */
export interface Lake extends AsyncDisposable {
  readonly dataDir: string
  /** The directory of the export. */
  readonly dir: string
  readonly expected: LakeAnswers
}

/** Answers to the queries of `examples/duckdb/queries`. */
export interface LakeAnswers {
  readonly graph: readonly { caller: string; callee: string; calls: number; failed: number }[]
  readonly latency: readonly Latency[]
  readonly deaths: readonly { hour: string; service: string; requests: number }[]
}

interface Latency {
  readonly service: string
  readonly method: string
  readonly route: string
  readonly requests: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
}

/** The command, from its sources, with arguments. */
export const command = (...args: string[]): string[] => [
  built(new URL(`file://${repo}packages/cli/src/main.ts`)),
  ...args,
]

/** Runs the chain through what it can suffer, stops it, and exports what it recorded. */
export async function exportedChain(): Promise<Lake> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-lake-'))
  const dir = path.join(dataDir, 'lake')
  const chain = new Chain({ ports: await freePorts(), dataDir })
  let number = 0
  const orderId = (): string => `lake-${++number}`
  const where = { dataDir, store: 'level' }
  const stage: Stage = { chain, where, orderId, say: () => undefined }
  try {
    await chain.startAll()
    await placeMany(chain.entryUrl, 40, orderId, () => undefined)
    for (const scenario of scenarios.filter((one) => one.expected.verdict !== 'running')) {
      await scenario.cause(stage)
      // The next one needs all services, except that which finds one down.
      const { verdict, endedAt } = scenario.expected
      const isNext = verdict === 'died' && endedAt === 'inventory'
      if (!isNext) await chain.startAll()
    }
    await order(stage)
  } finally {
    await chain.stopAll()
  }
  await node(repo, command('ship', dataDir))
  const exported = await node(repo, command('export', '--parquet', dir, '--dir', dataDir))
  if (exported.code !== 0) throw new Error(`the export failed: ${exported.stderr}`)
  return {
    dataDir,
    dir,
    expected: await answersOf(dataDir),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** What the queries have to find, from the walks of the resolver. */
async function answersOf(dataDir: string): Promise<LakeAnswers> {
  const resolver = createResolver({ dir: dataDir })
  try {
    const services = new Set((await resolver.instances()).map(({ service }) => service))
    const hops: HopJson[] = []
    for (const service of services)
      for await (const hop of resolver.range({ service, from: 0n })) hops.push(hop)
    const traces: ResolveResult[] = []
    for (const id of new Set(hops.map(({ traceId }) => traceId))) traces.push(await resolver.resolve(id))
    return { graph: graphOf(traces), latency: latencyOf(hops), deaths: deathsOf(traces) }
  } finally {
    await resolver.close()
  }
}

function graphOf(traces: readonly ResolveResult[]): LakeAnswers['graph'] {
  const edges = new Map<string, LakeAnswers['graph'][number]>()
  for (const { hops } of traces)
    for (const { service: caller, next } of hops)
      for (const { service, target, outcome } of next) {
        const callee = service ?? target
        const edge = edges.get(`${caller} ${callee}`) ?? { caller, callee, calls: 0, failed: 0 }
        edge.calls++
        if (!/^[1-4]\d\d$/.test(outcome ?? '')) edge.failed++
        edges.set(`${caller} ${callee}`, edge)
      }
  return sorted([...edges.values()], ({ caller, callee }) => [caller, callee])
}

function latencyOf(hops: readonly HopJson[]): LakeAnswers['latency'] {
  const routes = new Map<string, { service: string; method: string; route: string; micros: number[] }>()
  for (const { service, method, route, durationMicros } of hops) {
    if (durationMicros === null) continue
    const key = JSON.stringify([service, method, route])
    const one = routes.get(key) ?? { service, method: method ?? '', route: route ?? '', micros: [] }
    one.micros.push(durationMicros)
    routes.set(key, one)
  }
  const rows = [...routes.values()].map(({ micros, ...rest }): Latency => {
    const ordered = micros.sort((a, b) => a - b)
    const at = (share: number): number => ordered[Math.ceil(share * ordered.length) - 1] ?? 0
    return { ...rest, requests: ordered.length, p50: at(0.5), p90: at(0.9), p99: at(0.99) }
  })
  return sorted(rows, ({ service, method, route }) => [service, method, route])
}

function deathsOf(traces: readonly ResolveResult[]): LakeAnswers['deaths'] {
  const found = new Map<string, LakeAnswers['deaths'][number]>()
  for (const { verdict, endedAt } of traces) {
    if ((verdict !== 'died' && verdict !== 'interrupted') || endedAt === null) continue
    const { service, hopId } = endedAt
    const row = found.get(`${hourOf(hopId)} ${service}`) ?? { hour: hourOf(hopId), service, requests: 0 }
    row.requests++
    found.set(`${row.hour} ${service}`, row)
  }
  return sorted([...found.values()], ({ hour, service }) => [hour, service])
}

const hourOf = (hopId: HopId): string =>
  new Date(Number(hopIdNanos(hopId) / 1_000_000n)).toISOString().slice(0, 13)

const sorted = <T>(rows: T[], key: (row: T) => string[]): T[] =>
  rows.sort((a, b) => (key(a).join('\n') < key(b).join('\n') ? -1 : 1))
