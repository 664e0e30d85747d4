import path from 'node:path'
import { type Access, shareWithGroup, whyNotDataDir } from '../files/index.js'
import { processDiagnostics } from '../base/diagnostics.js'
import { messageOf } from '../base/message.js'
import { checkClusterKey, keySource, type KeySource } from '../key/index.js'
import type { Redact } from '../hop/redaction.js'
import { isTargetPattern } from '../propagation/trusted-targets.js'
import { isGivenAddress } from '../listen/run-address.js'
import { isStore, type Store, type StoreSpec } from '../store/contract.js'
import { driverOfSpec } from '../store/drivers.js'
import { maxBuckets } from '../store/keys.js'
import { isStoreUrl, rowLimits } from '../store/registry/check-row.js'
import { checkMaxBytes, checkTtlSeconds } from '../store/retention.js'
import { hasSecrets } from '../store/store-url.js'
import { parseRetention } from './retention.js'

/** The caller, as the socket shows it. */
export interface Peer {
  readonly address: string | undefined
  readonly port: number | undefined
}

/**
 * Which callers may continue a trace: all with a well-formed context, none, or those that the function
 * accepts.
 */
export type Trust = 'context' | 'none' | ((peer: Peer) => boolean)

/** Options of `createTracer`. A mistake is a `TypeError` at construction. */
export interface TracerOptions {
  /** 1-64 of `a-z 0-9 . _ -`. */
  readonly service: string
  /** The store of this service's records. It keeps them as `HOPTRACE_RETENTION` says, unless it has `ttlSeconds` or `maxBytes`. @default `{ kind: 'level' }` */
  readonly store?: StoreSpec | Store
  /**
   * A store with registry rows that every service of the chain can see, if the services' own stores differ.
   * @default the own store's
   */
  readonly registry?: StoreSpec | Store
  /** Log, embedded stores, local registry. @default `HOPTRACE_DIR` or `.hoptrace` */
  readonly dataDir?: string
  /**
   * `group`: services of several users share the data directory, and its whole group may read and write it.
   * All these services must set it.
   * @default `HOPTRACE_ACCESS` or 'owner'
   */
  readonly access?: Access
  /**
   * `ip:port` that others dial, if it is not an address of this host: a published port, an address of a NAT.
   * It is added to the addresses of the listening sockets. @default `HOPTRACE_ADDRESS`
   */
  readonly address?: string
  /** Width of a window of id time. @default 10000 */
  readonly windowMillis?: number
  /** How long the shipper waits for late records after the end of a window. @default 2000 */
  readonly graceMillis?: number
  /**
   * One secret for all services of the cluster, 32 random bytes (`hoptrace key` makes one): seals ids that
   * leave the cluster, and signs contexts, answers, questions and registry rows. Services on several hosts
   * need it.
   * @default `HOPTRACE_KEY`, or one that the data directory keeps for its host
   */
  readonly clusterKey?: string
  /** Which callers may continue a trace. @default 'context' */
  readonly trust?: Trust
  /**
   * `sealed`: trace-ids travel sealed between services, for chains with systems that truncate ids or sample
   * by their right-most bits, in which raw ids of one instance barely differ. @default 'raw'
   */
  readonly wire?: 'raw' | 'sealed'
  /**
   * Targets that may receive ids of the cluster, in addition to private addresses and names and to public
   * addresses whose process has proven the key: `host`, `host:port`, `*.suffix`. @default none
   */
  readonly trustedTargets?: readonly string[]
  /** The names of the only attributes (of hops and events) to record. @default all */
  readonly allowAttributes?: readonly string[]
  /**
   * Gets every text of the application in full before it is recorded: keys, attributes, messages and codes of
   * errors and of calls, names of events and jobs. It may replace a text, or drop it by returning
   * `undefined`.
   */
  readonly redact?: Redact
  /** Bytes on disk that this process's log may take while its store is unavailable. @default 268435456 */
  readonly maxLogBytes?: number
  /** The most bytes of one event's attributes. @default 4096 */
  readonly maxEventBytes?: number
}

/** `TracerOptions`, checked, with defaults. */
export interface Settings {
  readonly service: string
  readonly store: StoreSpec | Store
  readonly registry: StoreSpec | Store | undefined
  readonly dataDir: string
  readonly access: Access
  readonly address: string | undefined
  readonly windowMillis: number
  readonly graceMillis: number
  /** The secret that all keys are derived from. */
  readonly key: KeySource
  readonly trust: Trust
  readonly wire: 'raw' | 'sealed'
  readonly trustedTargets: readonly string[]
  readonly allowAttributes: readonly string[] | undefined
  readonly redact: Redact | undefined
  readonly maxLogBytes: number
  readonly maxEventBytes: number
}

const optionNames: readonly (keyof TracerOptions)[] = [
  'service',
  'store',
  'registry',
  'dataDir',
  'access',
  'address',
  'windowMillis',
  'graceMillis',
  'clusterKey',
  'trust',
  'wire',
  'trustedTargets',
  'allowAttributes',
  'redact',
  'maxLogBytes',
  'maxEventBytes',
]

/** The valid names of a service, which are also names of directories. */
export const servicePattern = /^(?!\.{1,2}$)[a-z0-9._-]{1,64}$/

/**
 * Checks options and fills in defaults. Makes the key of the data directory if none is given. Throws
 * `TypeError` that says what to change.
 */
export function normalizeOptions(options: TracerOptions, env: NodeJS.ProcessEnv = process.env): Settings {
  if (typeof options !== 'object' || options === null) throw new TypeError('createTracer needs { service }')
  checkNames('createTracer', options, optionNames)
  if (typeof options.service !== 'string' || !servicePattern.test(options.service)) {
    throw new TypeError(
      `service must be 1-64 of a-z 0-9 . _ -, and not . or .. (got ${JSON.stringify(options.service)})`,
    )
  }
  const address = options.address ?? nonEmpty(env['HOPTRACE_ADDRESS'])
  if (address !== undefined && !isGivenAddress(address)) {
    throw new TypeError(`address must be ip:port, for example 10.0.0.7:8080 (got ${JSON.stringify(address)})`)
  }
  const clusterKey = options.clusterKey ?? nonEmpty(env['HOPTRACE_KEY'])
  if (clusterKey !== undefined) checkClusterKey(clusterKey)
  const access = checkedAccess(options.access ?? (nonEmpty(env['HOPTRACE_ACCESS']) as Access) ?? 'owner')
  const dataDir = checkedDataDir(
    path.resolve(options.dataDir ?? nonEmpty(env['HOPTRACE_DIR']) ?? '.hoptrace'),
    access,
  )
  const checked = {
    service: options.service,
    store: withRetention(
      checkedStore(options.store ?? { kind: 'level' }, 'store', dataDir),
      nonEmpty(env['HOPTRACE_RETENTION']),
    ),
    registry:
      options.registry === undefined ? undefined : checkedStore(options.registry, 'registry', dataDir),
    dataDir,
    access,
    address,
    windowMillis: integer('windowMillis', options.windowMillis ?? 10_000, 100, 3_600_000),
    graceMillis: integer('graceMillis', options.graceMillis ?? 2000, 0, 600_000),
    trust: checkedTrust(options.trust ?? 'context'),
    wire: checkedWire(options.wire ?? 'raw'),
    trustedTargets: checkedTargets(options.trustedTargets ?? []),
    allowAttributes: checkedNames(options.allowAttributes),
    redact: checkedRedact(options.redact),
    maxLogBytes: integer(
      'maxLogBytes',
      options.maxLogBytes ?? 256 * 1024 * 1024,
      65_536,
      Number.MAX_SAFE_INTEGER,
    ),
    maxEventBytes: integer('maxEventBytes', options.maxEventBytes ?? 4096, 64, 65_536),
  }
  // Last, so that a refused option leaves nothing on disk.
  return { ...checked, key: keySource(clusterKey, dataDir, processDiagnostics) }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

/** A store object says by itself what it keeps. */
function withRetention(store: StoreSpec | Store, retention: string | undefined): StoreSpec | Store {
  if (retention === undefined) return store
  try {
    const kept = parseRetention(retention)
    return isStore(store) ? store : { ...kept, ...store }
  } catch (error) {
    throw new TypeError(`HOPTRACE_RETENTION: ${messageOf(error)}`, { cause: error })
  }
}

/** A path has at most 4,096 bytes; logs and stores are some levels below. */
const maxPathBytes = 3072

function checkedAccess(access: Access): Access {
  if (access !== 'owner' && access !== 'group')
    throw new TypeError(`access must be 'owner' or 'group' (got ${JSON.stringify(access)})`)
  return access
}

function checkedDataDir(dataDir: string, access: Access): string {
  const bytes = Buffer.byteLength(dataDir)
  if (bytes > maxPathBytes) {
    throw new TypeError(
      `dataDir is too long: its path has ${bytes} bytes, ${maxPathBytes} at most; choose a shorter one`,
    )
  }
  if (access === 'group') shareWithGroup(dataDir)
  const reason = whyNotDataDir(dataDir)
  if (reason !== undefined) throw new TypeError(`dataDir: ${reason}`)
  return dataDir
}

function integer(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new TypeError(`${name} must be a whole number from ${min} to ${max} (got ${String(value)})`)
  }
  return value
}

function checkedTrust(trust: Trust): Trust {
  if (trust !== 'context' && trust !== 'none' && typeof trust !== 'function') {
    throw new TypeError(`trust must be 'context', 'none' or a function (got ${JSON.stringify(trust)})`)
  }
  return trust
}

function checkedWire(wire: 'raw' | 'sealed'): 'raw' | 'sealed' {
  if (wire !== 'raw' && wire !== 'sealed')
    throw new TypeError(`wire must be 'raw' or 'sealed' (got ${JSON.stringify(wire)})`)
  return wire
}

function checkedTargets(targets: readonly string[]): readonly string[] {
  const wrong = Array.isArray(targets) ? targets.findIndex((target) => !isTargetPattern(target)) : 0
  if (wrong >= 0) {
    const got = JSON.stringify(Array.isArray(targets) ? targets[wrong] : targets)
    throw new TypeError(`trustedTargets must be host, host:port or *.suffix, in an array (got ${got})`)
  }
  return targets
}

function checkedNames(names: readonly string[] | undefined): readonly string[] | undefined {
  if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === 'string'))) {
    throw new TypeError('allowAttributes must be an array of names')
  }
  return names
}

function checkedRedact(redact: Redact | undefined): Redact | undefined {
  if (redact !== undefined && typeof redact !== 'function') throw new TypeError('redact must be a function')
  return redact
}

/** An option that does not exist is refused: what it was meant to change would stay as it is, and nothing would say so. */
function checkNames(where: string, given: object, names: readonly string[]): void {
  const wrong = Object.keys(given).find((name) => !names.includes(name))
  if (wrong === undefined) return
  const isOfStore = wrong === 'ttlSeconds' || wrong === 'maxBytes'
  const near = isOfStore ? `; it belongs to the store: { kind: 'level', ${wrong} }` : ''
  throw new TypeError(`${where} has no option ${wrong}: there are ${names.join(', ')}${near}`)
}

function checkedStore(store: StoreSpec | Store, name: string, dataDir: string): StoreSpec | Store {
  if (typeof store !== 'object' || store === null)
    throw new TypeError(`${name} must be an object such as { kind: 'level' }`)
  if (isStore(store)) {
    if (
      typeof store.put !== 'function' ||
      typeof store.open !== 'function' ||
      typeof store.close !== 'function'
    ) {
      throw new TypeError(`${name} lacks a method of the store contract: open, put, scan, close`)
    }
    if (!isStoreUrl(store.url)) {
      throw new TypeError(
        `${name}.url must be <scheme>:<text> of ${rowLimits.storeChars} characters at most: other processes find the store by it`,
      )
    }
    checkTtlSeconds(`${name}.ttlSeconds`, store.ttlSeconds)
    checkMaxBytes(`${name}.maxBytes`, store.maxBytes)
    if (hasSecrets(store.url))
      throw new TypeError(`${name}.url must have no user, password or query: others are shown it`)
    return store
  }
  const driver = driverOfSpec(store, name)
  // A row of the registry names the store.
  if (!isStoreUrl(driver.urlOf(store, { dataDir, service: 'x'.repeat(64) }, name)))
    throw new TypeError(`${name} has a URL of more than ${rowLimits.storeChars} characters`)
  const { buckets } = store as { buckets?: number }
  if (buckets !== undefined) integer(`${name}.buckets`, buckets, 1, maxBuckets)
  checkNames(name, store, driver.options)
  checkTtlSeconds(`${name}.ttlSeconds`, store.ttlSeconds)
  checkMaxBytes(`${name}.maxBytes`, store.maxBytes)
  return store
}
