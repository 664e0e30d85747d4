import type { Address } from '../options.js'

/** A table's name, with its namespace. */
export interface TableName {
  readonly namespace: string
  readonly qualifier: string
  /** The form in region names: without the default namespace. */
  readonly text: string
}

/** A region and its server. */
export interface Region {
  readonly table: string
  /** `<table>,<start>,<id>.<encoded>.`: the name in requests, and the region's row in hbase:meta. */
  readonly name: Buffer
  readonly id: bigint
  /** First row, inclusive; empty for the first region. */
  readonly start: Buffer
  /** End, exclusive; empty for the last region. */
  readonly end: Buffer
  readonly server: Address
  readonly startCode: bigint
}

/** Accepts `table` or `namespace:table`. Throws `TypeError` for a name that HBase does not allow. */
export function parseTableName(name: string): TableName {
  const match = /^(?:([A-Za-z0-9_]+):)?([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(
    typeof name === 'string' ? name : '',
  )
  const qualifier = match?.[2]
  if (qualifier === undefined) throw new TypeError(`not a table name: ${JSON.stringify(name)}`)
  const namespace = match?.[1] ?? 'default'
  return { namespace, qualifier, text: namespace === 'default' ? qualifier : `${namespace}:${qualifier}` }
}

/** Whether the region's range holds `row`. */
export function holdsRow(region: Region, row: Buffer): boolean {
  return region.start.compare(row) <= 0 && (region.end.length === 0 || region.end.compare(row) > 0)
}
