import { createHash } from 'node:crypto'
import { isIP } from 'node:net'

/** A table of a server. */
export interface MysqlLocation {
  readonly url: string
  /** Whether connections use TLS. */
  readonly tls: boolean
  readonly host: string
  readonly port: number
  readonly database: string
  readonly table: string
}

const pattern =
  /^mysql(\+tls)?:\/\/([A-Za-z0-9._-]{1,255}|\[[0-9a-fA-F:.]{2,45}\])(?::(\d{1,5}))?\/([A-Za-z0-9_$-]{1,64})(?:#([a-z0-9._-]{1,64}))?$/
const maxNameChars = 64
const registryTable = 'hoptrace'

/** What a URL names. Throws `TypeError` that says what such a URL looks like. */
export function locationOf(url: string): MysqlLocation {
  const [, tls, host, port = '3306', database, service] = pattern.exec(url) ?? []
  if (host === undefined || database === undefined || Number(port) > 65_535) {
    throw new TypeError(
      'the URL of a MySQL store is mysql://host[:port]/database (mysql+tls://… for TLS), with #service for the table of one service',
    )
  }
  const name = host.replace(/^\[|\]$/g, '')
  if (tls !== undefined && isIP(name) > 0)
    throw new TypeError(
      'the URL of a MySQL store with TLS names its server by the name in its certificate, and not by an address',
    )
  return {
    url,
    tls: tls !== undefined,
    host: name,
    port: Number(port),
    database,
    table: service === undefined ? registryTable : tableOf(service),
  }
}

/** `hoptrace.orders`. The name of a table has 64 characters at most, so a long one ends with its hash. */
function tableOf(service: string): string {
  const name = `${registryTable}.${service}`
  if (name.length <= maxNameChars) return name
  const hash = createHash('sha256').update(service).digest('hex').slice(0, 16)
  return `${name.slice(0, maxNameChars - 17)}.${hash}`
}
