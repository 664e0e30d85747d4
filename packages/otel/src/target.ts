import { SpanKind, type Attributes } from '@opentelemetry/api'
import { hostPort, parseUrl } from '@hoptrace/core'
import { httpMethodOf, numberOf, textOf } from './attributes.js'

/** Whom a call goes to, in the form that `hop.call` takes. */
export type SpanTarget = { readonly url: string; readonly method: string } | { readonly message: string }

/** The target of a CLIENT or PRODUCER span. Undefined while its attributes name none. */
export function targetOf(kind: SpanKind, attributes: Attributes): SpanTarget | undefined {
  if (kind === SpanKind.PRODUCER) {
    const message = destinationOf(attributes)
    return message === undefined ? undefined : { message }
  }
  const url = urlOf(attributes)
  return url === undefined ? undefined : { url, method: methodOf(attributes) }
}

/** The topic or queue of a message, as every sender and consumer of it names it: `kafka://orders.placed`. */
export function destinationOf(attributes: Attributes): string | undefined {
  const system = textOf(attributes, 'messaging.system') ?? 'message'
  const queue = textOf(attributes, 'messaging.destination.name', 'messaging.destination')
  return queue === undefined ? undefined : `${system.replace(/[^a-z0-9]/gi, '').toLowerCase()}://${queue}`
}

/** The place that a call names: `host:port`, or where the message goes. */
export function placeOf(target: SpanTarget): string {
  if ('message' in target) return target.message
  const { protocol, hostname, port } = new URL(target.url)
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
}

function urlOf(attributes: Attributes): string | undefined {
  const full = textOf(attributes, 'url.full', 'http.url')
  const parsed = full === undefined ? undefined : parseUrl(full)
  if (parsed !== undefined) return parsed.origin === 'null' ? undefined : parsed.origin
  const host = textOf(attributes, 'server.address', 'net.peer.name', 'net.peer.ip', 'network.peer.address')
  const port = numberOf(attributes, 'server.port', 'net.peer.port', 'network.peer.port')
  const place = hostPort(undefined, host, port ?? defaultPortOf(attributes))
  return place !== undefined && parseUrl(`http://${place}`) !== undefined ? `http://${place}` : undefined
}

/** Every call that is no message has a method: of gRPC the one of HTTP/2 below it, of a database its operation. */
function methodOf(attributes: Attributes): string {
  const method = httpMethodOf(attributes)
  if (method !== undefined) return method
  if (textOf(attributes, 'rpc.system', 'rpc.system.name') !== undefined) return 'POST'
  return textOf(attributes, 'db.operation.name', 'db.operation') ?? 'CALL'
}

/** Instrumentations leave the port of a database out if it is the usual one. */
function defaultPortOf(attributes: Attributes): number | undefined {
  return ports[textOf(attributes, 'db.system.name', 'db.system') ?? '']
}

const ports: Readonly<Record<string, number>> = {
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  redis: 6379,
  mongodb: 27017,
  memcached: 11211,
  cassandra: 9042,
  elasticsearch: 9200,
}
