import type { HopJson, Resolver } from '@hoptrace/core'
import { Counts } from '../model/counts.js'
import { isFailedCall, isFailedHop } from '../model/failed.js'

/** Calls from one service to another. */
export interface MapEdge {
  readonly from: string
  /** A service, or the target as dialled where nothing traced answers. */
  readonly to: string
  readonly isTraced: boolean
  readonly calls: number
  /** Calls that ended with a status from 500 or without one. */
  readonly errors: number
  readonly p50Micros: number | null
  readonly p99Micros: number | null
}

/** One service over a span of time. */
export interface MapNode {
  readonly service: string
  readonly hops: number
  readonly errors: number
  /** Events and attributes that its hops left out under pressure. */
  readonly shed: number
  readonly p50Micros: number | null
  readonly p99Micros: number | null
}

/** Which services call which. */
export interface ServiceMap {
  readonly from: number
  readonly to: number
  readonly nodes: readonly MapNode[]
  readonly edges: readonly MapEdge[]
  /** Services of which not every hop is counted: a limit was met, or a part could not be read. */
  readonly partial: readonly { readonly service: string; readonly because: string }[]
}

/** The services that are registered, by name. */
export async function serviceNames(resolver: Resolver): Promise<string[]> {
  return [...new Set((await resolver.instances()).map(({ service }) => service))].sort()
}

/** Reads what every service did in a span of time, and counts which service called which. */
export async function serviceMap(
  resolver: Resolver,
  { from, to, limit }: { readonly from: number; readonly to: number; readonly limit: number },
  signal: AbortSignal,
): Promise<ServiceMap> {
  const services = await serviceNames(resolver)
  const nodes = new Map<string, { readonly counts: Counts; shed: number }>()
  const edges = new Map<
    string,
    { readonly from: string; readonly to: string; isTraced: boolean; readonly counts: Counts }
  >()
  const partial: { service: string; because: string }[] = []
  const count = (hop: HopJson): void => {
    const node = nodes.get(hop.service) ?? { counts: new Counts(), shed: 0 }
    nodes.set(hop.service, node)
    node.counts.add(hop.durationMicros, isFailedHop(hop))
    node.shed += hop.shed
    for (const call of hop.next) {
      const callee = call.service ?? call.target
      const key = JSON.stringify([hop.service, callee])
      const edge = edges.get(key) ?? { from: hop.service, to: callee, isTraced: false, counts: new Counts() }
      edges.set(key, edge)
      if (call.service !== null) edge.isTraced = true
      edge.counts.add(call.durationMicros, isFailedCall(call))
    }
  }
  const read = async (service: string): Promise<void> => {
    let hops = 0
    try {
      for await (const hop of resolver.range({ service, from, to, limit, signal })) {
        hops++
        count(hop)
      }
      if (hops === limit) partial.push({ service, because: `only its first ${limit} hops are counted` })
    } catch (error) {
      signal.throwIfAborted()
      partial.push({ service, because: (error as Error).message })
    }
  }
  await Promise.all(services.map(read))
  return {
    from,
    to,
    nodes: [...nodes].map(([service, { counts, shed }]) => ({
      service,
      hops: counts.count,
      errors: counts.errors,
      shed,
      p50Micros: counts.percentile(0.5),
      p99Micros: counts.percentile(0.99),
    })),
    edges: [...edges.values()].map(({ counts, ...edge }) => ({
      ...edge,
      calls: counts.count,
      errors: counts.errors,
      p50Micros: counts.percentile(0.5),
      p99Micros: counts.percentile(0.99),
    })),
    partial: partial.sort((a, b) => (a.service < b.service ? -1 : 1)),
  }
}
