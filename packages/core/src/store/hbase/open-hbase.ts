import type { Store, StoreSpec } from '../contract.js'
import { parseStoreUrl, type StoreLocation } from '../store-url.js'
import { nativeStore } from './native-store.js'
import { restStore } from './rest-store.js'
import { registryTable, serviceTable } from './table-schema.js'

export type HBaseLocation = Extract<StoreLocation, { kind: 'hbase' }>
export type HBaseSpec = Extract<StoreSpec, { kind: 'hbase' }>

/** Salts of a service's table unless its spec says otherwise: few, as tables times regions is what a cluster has to bear. */
export const hbaseBuckets = 4

/** The URL of the table that a spec names: the service's own unless it says `table`, or its URL does. */
export function hbaseSpecUrl(spec: HBaseSpec, service: string): string {
  const { transport, hosts, table } = hbaseLocation(spec.url)
  const name = spec.table ?? table ?? serviceTable(service)
  return `hbase${transport === 'native' ? '' : `+${transport}`}://${hosts.join(',')}/${name}`
}

/** The spec of the registry that the services of a cluster share. */
export function hbaseRegistrySpec(spec: HBaseSpec): HBaseSpec {
  return { kind: 'hbase', url: spec.url, table: registryTable, buckets: 1 }
}

/** Opens the table of a spec, and makes it when it is missing. */
export function openHBaseSpec(spec: HBaseSpec, service: string): Store {
  const location = hbaseLocation(hbaseSpecUrl(spec, service))
  return open(location, { create: true, buckets: spec.buckets ?? hbaseBuckets, ttlSeconds: spec.ttlSeconds })
}

/** Opens the table of a URL, or the registry's where it names none. */
export function openHBaseUrl(location: HBaseLocation): Store {
  return open(location, { create: false, buckets: 1, ttlSeconds: undefined })
}

interface Making {
  readonly create: boolean
  readonly buckets: number
  readonly ttlSeconds: number | undefined
}

function open({ transport, hosts, table }: HBaseLocation, making: Making): Store {
  const options = { hosts, table: table ?? registryTable, ...making }
  return transport === 'native' ? nativeStore(options) : restStore({ transport, ...options })
}

function hbaseLocation(url: string): HBaseLocation {
  const location = parseStoreUrl(url)
  if (location.kind !== 'hbase')
    throw new TypeError(`an HBase store's url begins with hbase:// (got ${JSON.stringify(url)})`)
  return location
}
