import { createRequire } from 'node:module'
import path from 'node:path'
import { messageOf } from '../base/message.js'
import { checkClusterKey } from '../key/index.js'
import type { Redact } from '../hop/redaction.js'
import type { StoreSpec } from '../store/contract.js'
import { driverOfUrl } from '../store/drivers.js'
import type { TracerOptions } from './options.js'
import { parseRetention, type Retention } from './retention.js'

type Environment = Readonly<Record<string, string | undefined>>

/** A variable of the environment, and the option of `createTracer` that it gives. */
export interface Variable {
  /** `HOPTRACE_SERVICE` */
  readonly name: string
  /** `service`; the limits of the store have one variable. */
  readonly option: keyof TracerOptions | 'store.ttlSeconds, store.maxBytes'
  /** What it may be. */
  readonly values: string
  /** What it is without the variable. */
  readonly without: string
  /** Nothing may show its value. */
  readonly secret?: true
}

/** Every option of `createTracer` has one. */
export const variables: readonly Variable[] = [
  {
    name: 'HOPTRACE_SERVICE',
    option: 'service',
    values: '1-64 of a-z 0-9 . _ -',
    without: 'nothing is traced',
  },
  {
    name: 'HOPTRACE_STORE',
    option: 'store',
    values:
      'level:DIR, memory:NAME, hbase://host:port, hbase+http://host:port (also hbase+tls:, hbase+kerberos:, …), or KIND:… of a package',
    without: 'an embedded store in the data directory',
  },
  { name: 'HOPTRACE_REGISTRY', option: 'registry', values: 'as HOPTRACE_STORE', without: "the store's" },
  {
    name: 'HOPTRACE_RETENTION',
    option: 'store.ttlSeconds, store.maxBytes',
    values: '12h, 7d, 4w, forever; a size: 10gb; or both: 7d,10gb',
    without: '7d',
  },
  { name: 'HOPTRACE_DIR', option: 'dataDir', values: 'a directory', without: '.hoptrace' },
  { name: 'HOPTRACE_ACCESS', option: 'access', values: 'owner, group', without: 'owner' },
  {
    name: 'HOPTRACE_ADDRESS',
    option: 'address',
    values: 'ip:port',
    without: 'the address of the listening socket',
  },
  {
    name: 'HOPTRACE_KEY',
    option: 'clusterKey',
    values: 'made by: hoptrace key',
    without: 'the key of the data directory',
    secret: true,
  },
  { name: 'HOPTRACE_TRUST', option: 'trust', values: 'context, none', without: 'context' },
  { name: 'HOPTRACE_WIRE', option: 'wire', values: 'raw, sealed', without: 'raw' },
  {
    name: 'HOPTRACE_TRUSTED_TARGETS',
    option: 'trustedTargets',
    values: 'host, host:port or *.suffix, with commas between them',
    without: 'none',
  },
  {
    name: 'HOPTRACE_ALLOW_ATTRIBUTES',
    option: 'allowAttributes',
    values: 'names, with commas between them',
    without: 'all',
  },
  {
    name: 'HOPTRACE_REDACT',
    option: 'redact',
    values: 'the file of a module whose default export is the function',
    without: 'nothing is redacted',
  },
  { name: 'HOPTRACE_WINDOW_MILLIS', option: 'windowMillis', values: '100-3600000', without: '10000' },
  { name: 'HOPTRACE_GRACE_MILLIS', option: 'graceMillis', values: '0-600000', without: '2000' },
  { name: 'HOPTRACE_LOG', option: 'maxLogBytes', values: 'bytes, from 65536 on', without: '268435456' },
  { name: 'HOPTRACE_EVENT_BYTES', option: 'maxEventBytes', values: '64-65536', without: '4096' },
]

const list = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

const number = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN)

const parsers: Readonly<Partial<Record<Variable['option'], (text: string) => unknown>>> = {
  store: specOfUrl,
  registry: specOfUrl,
  'store.ttlSeconds, store.maxBytes': parseRetention,
  clusterKey: keyOf,
  trustedTargets: list,
  allowAttributes: list,
  redact: redactOf,
  windowMillis: number,
  graceMillis: number,
  maxLogBytes: number,
  maxEventBytes: number,
}

/**
 * The options that the environment gives. Throws `TypeError` that names the variable. What one of them may be is checked by
 * `createTracer`.
 */
export function optionsOfEnvironment(env: Environment = process.env): Partial<TracerOptions> {
  const options: Record<string, unknown> = {}
  for (const { name, option } of variables) {
    const text = env[name]?.trim()
    if (text === undefined || text === '') continue
    try {
      options[option] = parsers[option]?.(text) ?? text
    } catch (error) {
      throw new TypeError(`${name}: ${messageOf(error)}`, { cause: error })
    }
  }
  const { 'store.ttlSeconds, store.maxBytes': retention, ...others } = options
  if (retention === undefined) return others
  const store = (others['store'] as StoreSpec | undefined) ?? { kind: 'level' }
  return { ...others, store: { ...store, ...(retention as Retention) } }
}

/** A message about an option, with the variable that gives it. */
export function namingVariable(message: string): string {
  const option = /^[\w.]+/.exec(message)?.[0]
  const named =
    variables.find((one) => one.option === option) ??
    variables.find((one) => one.option === option?.split('.')[0])
  return named === undefined ? message : `${named.name}: ${message}`
}

/** A store as options name it, from its URL. Throws `TypeError`. */
function specOfUrl(url: string): StoreSpec {
  driverOfUrl(url)
  const end = url.indexOf(':')
  const kind = url.slice(0, end).replace(/\+.*/, '')
  if (kind === 'level') return { kind, dir: url.slice(end + 1) }
  return kind === 'memory' ? { kind } : { kind, url }
}

function keyOf(text: string): string {
  checkClusterKey(text)
  return text
}

/** The module is the operator's, as one that `--import` names. */
function redactOf(file: string): Redact {
  const full = path.resolve(file)
  const loaded = createRequire(full)(full) as { default?: Redact }
  return loaded.default ?? (loaded as Redact)
}
