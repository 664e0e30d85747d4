import type { Store, StoreSpec } from './contract.js'
import type { KnownDriver } from './driver.js'
import { hbaseDriver } from './hbase/driver.js'
import { levelDriver } from './level/driver.js'
import { memoryDriver } from './memory.js'
import { packagedDriver } from './packaged-driver.js'
import { hasSecrets, maxUrlChars, withoutSecrets } from './store-url.js'

/** The drivers that core brings. */
const own: ReadonlyMap<string, KnownDriver> = new Map([
  ['level', levelDriver],
  ['hbase', hbaseDriver],
  ['memory', memoryDriver],
])

const scheme = /^([a-z][a-z0-9-]{1,31})(?:\+[a-z0-9]{1,16}){0,2}:/

/** The driver of a kind, of core or of a package; undefined for what cannot be a kind. */
export function driverOfKind(kind: string): KnownDriver | undefined {
  return own.get(kind) ?? packagedDriver(kind)
}

/** The driver that a store's URL names by its scheme: `sqlite:…`, `hbase+http://…`. Throws `TypeError` without its secrets. */
export function driverOfUrl(url: string): KnownDriver {
  const driver = url.length <= maxUrlChars ? driverOfKind(scheme.exec(url)?.[1] ?? '') : undefined
  if (driver?.isUrl(url) === true && !hasSecrets(url)) return driver
  throw new TypeError(
    `a store is level:DIR, memory:NAME, hbase://host:port[,host:port][/table], hbase+http://host:port[/table] or KIND:… of a package (got ${JSON.stringify(withoutSecrets(url).slice(0, 200))})`,
  )
}

/** Throws `TypeError` when a URL is not a store's, or when no installed package opens it. */
export function checkStoreUrl(url: string): void {
  const missing = driverOfUrl(url).missing?.(url)
  if (missing !== undefined) throw new TypeError(missing)
}

/** Has a URL the form of a store's? */
export function isStoreUrl(url: string): boolean {
  try {
    driverOfUrl(url)
    return true
  } catch {
    return false
  }
}

/** The driver of a spec. Throws `TypeError` that says which kinds there are. */
export function driverOfSpec(spec: Exclude<StoreSpec, Store>, name = 'store'): KnownDriver {
  const { kind } = spec as { kind?: unknown }
  const driver = typeof kind === 'string' ? driverOfKind(kind) : undefined
  if (driver !== undefined) return driver
  throw new TypeError(
    `${name}.kind must be 'level', 'hbase', 'memory' or the kind of an installed package (got ${JSON.stringify(kind)})`,
  )
}
