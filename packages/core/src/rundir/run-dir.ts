import type { RunInfo } from './run-info.js'
import path from 'node:path'
import { listDirSync } from '../files/index.js'
import { isWhole } from '../record/checks.js'
import { maxReached } from '../record/instance-row.js'
import { isLogFileName, runPlace } from './index.js'

/** `00000001.log`: the order of names is the order of writing. */
export function logFileName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`
}

export function logFilePath(runDir: string, number: number): string {
  return path.join(runDir, logFileName(number))
}

/** The numbers of the log files in a run's directory, ascending; empty if there is no such directory. */
export function listLogFiles(runDir: string): number[] {
  const numbers = listDirSync(runPlace(runDir))
    .filter(({ name }) => isLogFileName(name))
    .map(({ name }) => Number.parseInt(name, 10))
  return numbers.sort((a, b) => a - b)
}

const maxAliases = 1024
const maxUrlChars = 4096

/** The header of a log file as text. */
export function encodeRunInfo(run: RunInfo): string {
  // Respect the limits of readers.
  const aliases = run.aliases.slice(0, maxAliases)
  const reached = run.reached.slice(-maxReached)
  return JSON.stringify({ ...run, aliases, reached, startNanos: String(run.startNanos) })
}

/** Reads a header; undefined for an invalid one. Stored data is hostile: every field is checked. */
export function decodeRunInfo(text: string): RunInfo | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const run = value as Record<string, unknown>
  const {
    service,
    address,
    aliases,
    reached,
    boot,
    worker,
    startNanos,
    host,
    pid,
    process,
    endpoint,
    storeUrl,
    buckets,
    windowMillis,
  } = run
  if (!isText(service, 64) || !isText(address, 64) || !isText(host, 256) || !isText(storeUrl, maxUrlChars))
    return undefined
  if (typeof startNanos !== 'string' || !/^\d{1,19}$/.test(startNanos)) return undefined
  if (!isWhole(worker, 0, 255) || !isWhole(pid, 0, 2 ** 31)) return undefined
  if (!isWhole(buckets, 1, 256) || !isWhole(windowMillis, 1, 86_400_000)) return undefined
  if (process !== undefined && !isText(process, 64)) return undefined
  if (endpoint !== null && !isText(endpoint, 1024)) return undefined
  if (!Array.isArray(aliases) || aliases.length > maxAliases) return undefined
  if (!aliases.every((alias): alias is string => isText(alias, 64))) return undefined
  if (!Array.isArray(reached) || reached.length > maxReached || typeof boot !== 'string' || boot.length > 64)
    return undefined
  if (!reached.every((place): place is string => isText(place, 300))) return undefined
  return {
    service,
    address,
    aliases,
    reached,
    boot,
    worker,
    startNanos: BigInt(startNanos),
    host,
    pid,
    ...(process === undefined ? {} : { process }),
    endpoint,
    storeUrl,
    buckets,
    windowMillis,
  }
}

function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars
}
