import type { Store } from '../contract.js'
import type { KnownDriver, StoreMaking } from '../driver.js'
import { lazyStore } from '../lazy-store.js'
import { placeOfPackage } from '../package-place.js'
import { maxUrlChars, withoutSecrets } from '../store-url.js'
import { registryTable, serviceTable } from './table-schema.js'

/** `native`: HBase's own RPC, found through the servers named. `http`, `https`: a REST gateway. */
type Transport = 'native' | 'tls' | 'kerberos' | 'tls+kerberos' | 'http' | 'https'

interface HBaseLocation {
  readonly transport: Transport
  /** `host:port`, at least one. */
  readonly hosts: readonly string[]
  readonly table: string | null
}

const host = String.raw`(?:[A-Za-z0-9._-]{1,255}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}`
const pattern = new RegExp(
  `^hbase(?:\\+(https?|(?:tls\\+)?kerberos|tls))?://(${host}(?:,${host}){0,31})(?:/([A-Za-z0-9_][A-Za-z0-9_.:-]{0,254})?)?$`,
)
/** A new table has one region for each bucket. Each costs the cluster memory, so there are few. */
const buckets = 4
const supports = { durable: true, shared: true, ttl: true } as const

/**
 * `hbase://host:port[,host:port][/table]` by HBase's own RPC, `hbase+http://host:port[/table]` by a REST gateway; `hbase+tls://` and
 * `hbase+https://` over TLS; `hbase+kerberos://` and `hbase+tls+kerberos://` with Kerberos.
 */
export const hbaseDriver: KnownDriver = {
  options: ['kind', 'url', 'table', 'buckets', 'ttlSeconds', 'maxBytes'],
  buckets,
  reach: () => 'network',
  isUrl: (url) => locationOf(url) !== undefined,
  urlOf: ({ url, table }, { service }, name) => {
    const location = typeof url === 'string' ? locationOf(url) : undefined
    const named = location && urlOf(location, table ?? location.table ?? serviceTable(service))
    if (named !== undefined && locationOf(named) !== undefined) {
      const lacking = missing(named)
      if (lacking !== undefined) throw new TypeError(`${name}.url: ${lacking}`)
      return named
    }
    // The message does not show the URL: it may hold a password.
    throw new TypeError(
      `${name}.url must be hbase://host:port[,host:port][/table] (or hbase+tls, hbase+kerberos, hbase+tls+kerberos) or hbase+http://host:port[/table] (or hbase+https), without user and query, and of ${maxUrlChars} characters at most`,
    )
  },
  missing,
  open: (url, making) => open(mustBe(url), making),
  registry: (url) => open({ ...mustBe(url), table: registryTable }, { buckets: 1, ttlSeconds: undefined }),
}

/** A URL without a table means the registry's. */
function open({ transport, hosts, table }: HBaseLocation, making: StoreMaking | undefined): Store {
  const options = {
    hosts,
    table: table ?? registryTable,
    create: making !== undefined,
    ...(making ?? { buckets: 1, ttlSeconds: undefined }),
  }
  return lazyStore(urlOf({ transport, hosts }, options.table), supports, async () =>
    transport === 'http' || transport === 'https'
      ? (await import('./rest-store.js')).restStore({ transport, ...options })
      : (await import('./native-store.js')).nativeStore({
          tls: transport.startsWith('tls'),
          kerberos: usesKerberos(transport),
          ...options,
        }),
  )
}

function usesKerberos(transport: Transport): boolean {
  return transport.endsWith('kerberos')
}

function missing(url: string): string | undefined {
  const { transport } = mustBe(url)
  if (!usesKerberos(transport) || placeOfPackage('kerberos') !== undefined) return undefined
  return 'no package authenticates by Kerberos; npm install kerberos'
}

function urlOf({ transport, hosts }: Pick<HBaseLocation, 'transport' | 'hosts'>, table: string): string {
  return `hbase${transport === 'native' ? '' : `+${transport}`}://${hosts.join(',')}/${table}`
}

function locationOf(url: string): HBaseLocation | undefined {
  const [, scheme, list, table] = (url.length <= maxUrlChars && pattern.exec(url)) || []
  const hosts = list?.split(',')
  if (hosts?.every((name) => Number(name.slice(name.lastIndexOf(':') + 1)) <= 65_535) !== true)
    return undefined
  return {
    // The pattern has no other.
    transport: (scheme as Transport | undefined) ?? 'native',
    hosts,
    table: table ?? null,
  }
}

function mustBe(url: string): HBaseLocation {
  const location = locationOf(url)
  if (location !== undefined) return location
  throw new TypeError(`${JSON.stringify(withoutSecrets(url).slice(0, 200))} is not the URL of an HBase store`)
}
