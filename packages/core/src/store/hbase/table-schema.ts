/** The one family and column of a table's cells. Short names: HBase stores them with every cell. */
export const family = 'h'
export const qualifier = 'v'

/** The settings of a table that hoptrace makes. */
export interface TableNeeds {
  readonly table: string
  /** Salts: the table begins with a region for each. */
  readonly buckets: number
  readonly ttlSeconds: number | undefined
}

/**
 * The first rows of the second and later regions: rows begin with their salt. Rows of keys and instances
 * follow the last.
 */
export function splitKeys(buckets: number): Buffer[] {
  return Array.from({ length: Math.max(0, buckets - 1) }, (_, i) => Buffer.of(i + 1))
}

/** The table of a service that names none. */
export function serviceTable(service: string): string {
  return `hoptrace.${service}`
}

/** The table of the registry that the services of a cluster share. */
export const registryTable = 'hoptrace'

/**
 * How long a store tries, all attempts together. A question must not hang at a store that is away, and a
 * shipper tries again.
 */
export const storeTimeouts = { openMillis: 5000, readMillis: 5000, putMillis: 15_000 } as const
