import { parseAddress } from '../id/index.js'
import { maxReached, type InstanceRow } from './instance-row.js'

/** The names under which the rows of a registry are looked up. No name of one kind is one of another. */
export const rowName = {
  /** An own address of a run, or a way to it: `ip:port` or `name:port`, or the destination of messages. */
  place: (place: string): string => place.toLowerCase(),
  service: (service: string): string => `service ${service}`,
  /** The moment at which a run began. */
  start: (startNanos: bigint): string => `start ${startNanos}`,
  port: (port: number): string => `port ${port}`,
  /** Rows with as many `reached` as a row may have: they may have forgotten some. */
  manyReached: 'many reached',
} as const

/** The service that a name names directly; undefined for all other names. */
export function serviceInName(name: string): string | undefined {
  return name.startsWith('service ') ? name.slice('service '.length) : undefined
}

/** All names of a row but that of its service. */
export function rowNames({ address, aliases, reached, startNanos }: InstanceRow): ReadonlySet<string> {
  const own = [address, ...aliases]
  const ports = own.flatMap((place) => parseAddress(place)?.port ?? [])
  return new Set([
    ...[...own, ...reached].map(rowName.place),
    ...ports.map(rowName.port),
    rowName.start(startNanos),
    ...(reached.length >= maxReached ? [rowName.manyReached] : []),
  ])
}

/** Of these rows, all of each service that has one of the names, or of which a row has one. */
export function rowsOfNames(rows: readonly InstanceRow[], names: readonly string[]): readonly InstanceRow[] {
  const wanted = new Set(names)
  const isWanted = (row: InstanceRow): boolean =>
    wanted.has(rowName.service(row.service)) || [...rowNames(row)].some((name) => wanted.has(name))
  const services = new Set(rows.filter(isWanted).map(({ service }) => service))
  return rows.filter(({ service }) => services.has(service))
}
