import type { HopJson, Resolver, ResolveResult } from '@hoptrace/core'
import { isFailedHop } from '../model/failed.js'
import { BadQuery } from '../server/query.js'
import { operationOf } from '../model/spans.js'

/** Which traces Jaeger's search asks for. */
export interface TraceSearch {
  readonly service: string
  readonly operation: string | undefined
  /** All of them have to be on one hop of the service: business keys, attributes, `error`, `http.status_code`. */
  readonly tags: Readonly<Record<string, string>>
  /** Milliseconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly minMicros: number | undefined
  readonly maxMicros: number | undefined
  /** The number of traces: the newest ones. */
  readonly limit: number
}

/** Hops that one search reads at most. */
const MOST_HOPS = 20_000
/** Traces that are walked at the same time. */
const WALKS = 4

/** The newest traces with a hop that fits, newest first, and why there may be more. */
export async function searchTraces(
  resolver: Resolver,
  search: TraceSearch,
  signal: AbortSignal,
): Promise<{ readonly results: readonly ResolveResult[]; readonly warnings: readonly string[] }> {
  const { service, from, to, minMicros } = search
  const newest = new Map<string, string>()
  const warnings: string[] = []
  let read = 0
  try {
    const hops = resolver.range({
      service,
      from,
      to,
      limit: MOST_HOPS,
      signal,
      ...(minMicros === undefined ? {} : { minDurationMicros: minMicros }),
      ...(isTrue(search.tags['error']) ? { status: 'error' } : {}),
    })
    for await (const hop of hops) {
      read++
      if (!fits(hop, search)) continue
      // Set again, so that the order is that of the last hop of each.
      newest.delete(hop.traceId)
      newest.set(hop.traceId, hop.hopId)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (newest.size === 0) throw error
    warnings.push((error as Error).message)
  }
  if (read === MOST_HOPS)
    warnings.push(`only the first ${MOST_HOPS} hops of ${service} in that time were read`)
  const ids = [...newest.values()].reverse().slice(0, search.limit)
  const results: ResolveResult[] = []
  const walk = async (lane: number): Promise<void> => {
    for (let at = lane; at < ids.length; at += WALKS) {
      signal.throwIfAborted()
      results[at] = await resolver.resolve(ids[at] as string)
    }
  }
  await Promise.all(Array.from({ length: WALKS }, (_, lane) => walk(lane)))
  return { results: results.filter(({ hops }) => hops.length > 0), warnings }
}

function fits(hop: HopJson, { operation, tags, maxMicros }: TraceSearch): boolean {
  if (operation !== undefined && operationOf(hop) !== operation) return false
  if (maxMicros !== undefined && (hop.durationMicros ?? Infinity) > maxMicros) return false
  return Object.entries(tags).every(([name, value]) => hasTag(hop, name, value))
}

function hasTag(hop: HopJson, name: string, value: string): boolean {
  switch (name) {
    case 'error':
      return isTrue(value) === isFailedHop(hop)
    case 'http.status_code':
    case 'http.response.status_code':
      return String(hop.status) === value
    case 'http.method':
    case 'http.request.method':
      return hop.method === value
    case 'http.route':
      return hop.route === value
    default: {
      const known = Object.hasOwn(hop.keys, name) ? hop.keys[name] : hop.attributes[name]
      return known !== undefined && String(known) === value
    }
  }
}

function isTrue(value: string | undefined): boolean {
  return value === 'true'
}

/** Microseconds of a duration as Go writes it: `1.2s`, `100ms`, `1h30m`. */
export function goMicros(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/gy)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new BadQuery(`${name} must be a duration such as 100ms or 1.2s`)
  return parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (MICROS[unit as keyof typeof MICROS] ?? 0),
    0,
  )
}

const MICROS = {
  ns: 0.001,
  us: 1,
  µs: 1,
  μs: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
} as const
