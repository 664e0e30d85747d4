import { isDestination } from '../../record/destination.js'
import { isWhole } from '../../record/checks.js'
import { type BytesByTime, maxByteEntries } from '../../record/byte-counts.js'
import { parseUrl } from '../../base/parse-url.js'
import { ipv4OfHost } from '../../id/ip.js'
import { maxReached, type DroppedRange, type InstanceRow } from '../../record/instance-row.js'
import { maxBuckets } from '../keys.js'
import { isStoreUrl as hasStoreForm } from '../drivers.js'
import { maxTtlSeconds } from '../retention.js'
import { maxUrlChars } from '../store-url.js'

/**
 * Bounds of a row, kept by writers and checked by readers. A writer leaves out what is beyond them: addresses
 * (the first ones stay), places (the last met stay), stores (the newest stay); dropped ranges are joined.
 * Other fields cannot be too long: `createTracer` refuses what is.
 */
export const rowLimits = {
  bytes: 1_048_576,
  aliases: 1024,
  reached: maxReached,
  stores: 16,
  storeChars: maxUrlChars,
  dropped: 256,
} as const

const servicePattern = /^[a-z0-9._-]{1,64}$/
const ipPortPattern = /^(?:\d{1,3}\.){3}\d{1,3}:\d{1,5}$/
const aliasPattern = /^(?:[A-Za-z0-9._-]{1,255}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}$/
/** No part of it is `.` or `..`. */
const logDirPattern = /^logs\/(?!\.{1,2}\/)[a-z0-9._-]{1,64}\/(?!\.{1,2}$)[\w.-]{1,128}$/
const nanosPattern = /^\d{1,20}$/

/** A row as JSON text within the bounds; times are decimal text. */
export function rowToJson(row: InstanceRow): string {
  const bounded: InstanceRow = {
    service: row.service,
    address: row.address,
    aliases: withOwn(row.aliases.slice(0, rowLimits.aliases), row),
    reached: row.reached.slice(-rowLimits.reached),
    loggedThrough: row.loggedThrough,
    worker: row.worker,
    startNanos: row.startNanos,
    host: row.host,
    boot: row.boot,
    pid: row.pid,
    endpoint: row.endpoint,
    stores: row.stores.slice(-rowLimits.stores),
    buckets: row.buckets,
    windowMillis: row.windowMillis,
    ...(row.keepsSeconds === undefined ? {} : { keepsSeconds: row.keepsSeconds }),
    ...(row.bytes === undefined ? {} : { bytes: row.bytes }),
    ...(row.deletedBeforeNanos === undefined ? {} : { deletedBeforeNanos: row.deletedBeforeNanos }),
    logDir: row.logDir,
    heartbeatMillis: row.heartbeatMillis,
    shippedThroughNanos: row.shippedThroughNanos,
    dropped: boundDropped(row.dropped),
    state: row.state,
  }
  return JSON.stringify(bounded, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
}

/** An address or a name with a port, or the destination of messages. */
function isPlace(value: unknown): value is string {
  return isText(value, aliasPattern) || (typeof value === 'string' && isDestination(value))
}

/** The aliases that are left, and among them the one that the endpoint is at. */
function withOwn(aliases: readonly string[], { endpoint, aliases: all }: InstanceRow): readonly string[] {
  if (aliases.length === all.length || endpoint === null) return aliases
  const own = all.find((alias) => isEndpoint(endpoint, [alias]))
  return own === undefined || aliases.includes(own) ? aliases : [...aliases.slice(0, -1), own]
}

/** The row in a JSON text; undefined when it is none, or says what a row may not say. */
export function rowFromJson(text: string): InstanceRow | undefined {
  if (text.length > rowLimits.bytes) return undefined
  try {
    return checkRow(JSON.parse(text))
  } catch {
    return undefined
  }
}

/**
 * A row from parsed JSON, or undefined. Its endpoint must be at its own address, so that a row cannot send a
 * resolver elsewhere.
 */
function checkRow(value: unknown): InstanceRow | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const row = value as Record<keyof InstanceRow, unknown>
  const {
    service,
    address,
    aliases,
    reached,
    loggedThrough,
    worker,
    startNanos,
    host,
    boot,
    pid,
    endpoint,
    stores,
    state,
  } = row
  const { bytes, deletedBeforeNanos } = row
  const { buckets, windowMillis, keepsSeconds, logDir, heartbeatMillis, shippedThroughNanos, dropped } = row
  if (!isText(service, servicePattern) || !isText(address, ipPortPattern)) return undefined
  if (!isList(aliases, rowLimits.aliases) || !aliases.every((alias) => isText(alias, aliasPattern)))
    return undefined
  if (!isList(reached, rowLimits.reached) || !reached.every(isPlace)) return undefined
  if (!isList(loggedThrough, 2) || loggedThrough.length !== 2) return undefined
  if (!loggedThrough.every((part) => isWhole(part, 0, 2 ** 53 - 1))) return undefined
  if (!isWhole(worker, 0, 255) || !isWhole(pid, 0, 2 ** 32) || !isWhole(buckets, 1, maxBuckets))
    return undefined
  if (!isWhole(windowMillis, 1, 86_400_000) || !isWhole(heartbeatMillis, 0, 2 ** 53 - 1)) return undefined
  if (keepsSeconds !== undefined && !isWhole(keepsSeconds, 1, maxTtlSeconds)) return undefined
  if (bytes !== undefined && !isBytesByTime(bytes)) return undefined
  if (deletedBeforeNanos !== undefined && !isNanos(deletedBeforeNanos)) return undefined
  if (!isNanos(startNanos) || !isNanos(shippedThroughNanos)) return undefined
  if (!isChars(host, 255) || !isChars(boot, 64) || !isText(logDir, logDirPattern)) return undefined
  if (!isList(stores, rowLimits.stores) || !stores.every(isStoreUrl)) return undefined
  if (!isList(dropped, rowLimits.dropped) || !dropped.every(isDropped)) return undefined
  if (state !== 'running' && state !== 'stopped' && state !== 'dead') return undefined
  if (endpoint !== null && !isEndpoint(endpoint, [address, ...aliases])) return undefined
  return {
    service,
    address,
    aliases: aliases,
    reached: reached,
    loggedThrough: loggedThrough as [number, number],
    worker,
    startNanos: BigInt(startNanos),
    host,
    boot,
    pid,
    endpoint,
    stores: stores,
    buckets,
    windowMillis,
    ...(keepsSeconds === undefined ? {} : { keepsSeconds }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(deletedBeforeNanos === undefined ? {} : { deletedBeforeNanos: BigInt(deletedBeforeNanos) }),
    logDir,
    heartbeatMillis,
    shippedThroughNanos: BigInt(shippedThroughNanos),
    dropped: (dropped as { fromNanos: string; toNanos: string; count: number }[]).map((range) => ({
      fromNanos: BigInt(range.fromNanos),
      toNanos: BigInt(range.toNanos),
      count: range.count,
    })),
    state,
  }
}

/**
 * Joins the ranges that lie closest until a row may hold them: it then says "dropped" of more than was, never
 * of less.
 */
function boundDropped(dropped: readonly DroppedRange[]): DroppedRange[] {
  const ranges = dropped.toSorted((a, b) =>
    a.fromNanos < b.fromNanos ? -1 : a.fromNanos > b.fromNanos ? 1 : 0,
  )
  while (ranges.length > rowLimits.dropped) {
    let best = 0
    for (let i = 1; i < ranges.length - 1; i++) if (gap(ranges, i) < gap(ranges, best)) best = i
    const [a, b] = ranges.slice(best, best + 2) as [DroppedRange, DroppedRange]
    const toNanos = a.toNanos > b.toNanos ? a.toNanos : b.toNanos
    ranges.splice(best, 2, { fromNanos: a.fromNanos, toNanos, count: a.count + b.count })
  }
  return ranges
}

function gap(ranges: readonly DroppedRange[], i: number): bigint {
  return (ranges[i + 1] as DroppedRange).fromNanos - (ranges[i] as DroppedRange).toNanos
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}

function isChars(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most
}

function isNanos(value: unknown): value is string {
  return isText(value, nanosPattern) && BigInt(value) < 2n ** 64n
}

function isList(value: unknown, most: number): value is unknown[] {
  return Array.isArray(value) && value.length <= most
}

function isBytesByTime(value: unknown): value is BytesByTime {
  if (!isList(value, maxByteEntries)) return false
  let last = -1
  return value.every((entry) => {
    if (!isList(entry, 2) || entry.length !== 2) return false
    const [fromMillis, bytes] = entry
    if (!isWhole(fromMillis, last + 1, 2 ** 53 - 1) || !isWhole(bytes, 0, 2 ** 53 - 1)) return false
    last = fromMillis
    return true
  })
}

function isDropped(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { fromNanos, toNanos, count } = value as Record<keyof DroppedRange, unknown>
  return isNanos(fromNanos) && isNanos(toNanos) && isWhole(count, 0, Number.MAX_SAFE_INTEGER)
}

/** May a row name this store? Relative level stores are below the data directory. */
export function isStoreUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > rowLimits.storeChars) return false
  const isFile = /^[a-z][a-z0-9-]*:(?!\/\/)/.test(value)
  return !(isFile && value.split(/[:\\/]/).includes('..')) && hasStoreForm(value)
}

function isEndpoint(value: unknown, addresses: readonly string[]): value is string {
  const url = isChars(value, 1024) ? parseUrl(value) : undefined
  if (url === undefined) return false
  const { protocol, hostname, port, username, password } = url
  if ((protocol !== 'http:' && protocol !== 'https:') || username !== '' || password !== '') return false
  // Rows have the IPv4 address that represents an IPv6 address in ids.
  const ip = hostname.startsWith('[') ? ipv4OfHost(hostname) : hostname
  return addresses.includes(`${ip}:${port || (protocol === 'https:' ? '443' : '80')}`)
}
