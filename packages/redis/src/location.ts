/** A store on a server. */
export interface RedisLocation {
  readonly url: string
  /** Whether connections use TLS. */
  readonly tls: boolean
  readonly host: string
  readonly port: number
  readonly database: number
  /** The key of a sorted set whose members are the rows, all with score 0: so Redis orders them by their bytes. */
  readonly key: string
}

const pattern =
  /^redis(\+tls)?:\/\/([A-Za-z0-9._-]{1,255}|\[[0-9a-fA-F:.]{2,45}\])(?::(\d{1,5}))?(?:\/(\d{1,5})?)?(?:#([a-z0-9._-]{1,64}))?$/

/** What a URL names. Throws `TypeError` that says what such a URL looks like. */
export function locationOf(url: string): RedisLocation {
  const [, tls, host, port = '6379', database = '0', service] = pattern.exec(url) ?? []
  if (host === undefined || Number(port) > 65_535) {
    throw new TypeError(
      'the URL of a Redis store is redis://host[:port][/database] (redis+tls://… for TLS), with #service for the rows of one service',
    )
  }
  return {
    url,
    tls: tls !== undefined,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    database: Number(database),
    key: service === undefined ? 'hoptrace' : `hoptrace:${service}`,
  }
}
