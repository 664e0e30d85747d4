import path from 'node:path'

/** A store's URL, taken apart. */
export type StoreLocation =
  | { readonly kind: 'memory'; readonly name: string }
  | { readonly kind: 'level'; readonly dir: string }
  | {
      readonly kind: 'hbase'
      /** `native`: HBase's own RPC, found through the servers named. `http`, `https`: a REST gateway. */
      readonly transport: 'native' | 'http' | 'https'
      /** `host:port`, at least one. */
      readonly hosts: readonly string[]
      readonly table: string | null
    }

const host = String.raw`(?:[A-Za-z0-9._-]{1,255}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}`
const hbasePattern = new RegExp(
  `^hbase(?:\\+(https?))?://(${host}(?:,${host}){0,31})(?:/([A-Za-z0-9_][A-Za-z0-9_.:-]{0,254})?)?$`,
)

/**
 * Reads `level:DIR`, `memory:NAME`, `hbase://host:port[,host:port][/table]`, `hbase+http://host:port[/table]`.
 * Throws `TypeError` that says which forms there are, and shows neither user nor password of what it was given.
 */
export function parseStoreUrl(url: string): StoreLocation {
  if (url.length <= 4096 && !url.includes('\0')) {
    const colon = url.indexOf(':')
    const rest = url.slice(colon + 1)
    if (url.startsWith('level:') && rest !== '') return { kind: 'level', dir: path.resolve(rest) }
    if (url.startsWith('memory:') && /^[\w.:-]{1,128}$/.test(rest)) return { kind: 'memory', name: rest }
    const hbase = hbasePattern.exec(url)
    const hosts = hbase?.[2]?.split(',') ?? []
    if (hbase !== null && hosts.every((name) => Number(name.slice(name.lastIndexOf(':') + 1)) <= 65_535)) {
      const transport = hbase[1] === 'http' || hbase[1] === 'https' ? hbase[1] : 'native'
      return { kind: 'hbase', transport, hosts, table: hbase[3] ?? null }
    }
  }
  throw new TypeError(
    `a store is level:DIR, memory:NAME, hbase://host:port[,host:port][/table] or hbase+http://host:port[/table] (got ${JSON.stringify(withoutSecrets(url).slice(0, 200))})`,
  )
}

/** Has a URL a user, a password or a query? Rows of the registry and messages show a store's URL. */
export function hasSecrets(url: string): boolean {
  return /^[\w+.-]+:\/\/(?:[^/]*@|[^?]*\?)/.test(url)
}

/** The URL as it may be shown: user, password and query can hold what nobody else may read. */
function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@').replace(/\?.*$/s, '?…')
}
