import { userInfo } from 'node:os'
import { checkFields, shown } from './check.js'
import { connect as tcpConnect, type Socket } from 'node:net'

/** A server's RPC address. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Authentication by Kerberos. */
export interface KerberosOptions {
  /**
   * The first part of the servers' principals: `hbase` of `hbase/HOST@REALM`. The host is that of the address, as `krb5.conf` canonicalizes
   * it, and the realm is the one that `krb5.conf` has for it. @default 'hbase'
   */
  readonly service?: string
}

/** The options of `createHBaseClient`. */
export interface HBaseClientOptions {
  /**
   * Any masters or region servers, by their RPC port (16000, 16020): `hbase://host:port[,host:port]`.
   * The client finds the rest of the cluster through them.
   */
  readonly servers: string
  /** User name for simple authentication. @default the user of this process */
  readonly user?: string
  /**
   * Authenticates by Kerberos, with the ticket or keytab of this process; needs the npm package `kerberos`. A server that does not use
   * Kerberos is refused. @default simple authentication
   */
  readonly kerberos?: KerberosOptions
  /** How long an operation may take, including all its attempts. @default 30000 */
  readonly timeoutMillis?: number
  /** How long to wait for the answer to one request before a retry. @default 10000 */
  readonly attemptTimeoutMillis?: number
  /** How long a TCP connection may take to open. @default 3000 */
  readonly connectTimeoutMillis?: number
  /** Bytes of unanswered requests at one server; above that, calls wait. @default 64 MiB */
  readonly maxInFlightBytes?: number
  /** Unanswered requests at one server; above that, calls wait. @default 1024 */
  readonly maxInFlightCalls?: number
  /** The largest accepted response. @default 128 MiB */
  readonly maxResponseBytes?: number
  /** Opens the connection; pass a function with `tls.connect` for HBase's TLS. @default net.connect */
  readonly connect?: (address: Address) => Socket
}

/** The options with every default applied. */
export type Settings = Required<Omit<HBaseClientOptions, 'servers' | 'kerberos'>> & {
  readonly servers: readonly Address[]
  readonly kerberos: Required<KerberosOptions> | undefined
}

const optionFields = [
  'servers',
  'user',
  'kerberos',
  'timeoutMillis',
  'attemptTimeoutMillis',
  'connectTimeoutMillis',
  'maxInFlightBytes',
  'maxInFlightCalls',
  'maxResponseBytes',
  'connect',
]

/** Checks the options. Throws `TypeError` for invalid ones. */
export function normalizeOptions(options: HBaseClientOptions): Settings {
  checkFields('createHBaseClient', options, optionFields)
  const attemptTimeoutMillis = positive('attemptTimeoutMillis', options.attemptTimeoutMillis, 10_000)
  return {
    servers: parseServers(options.servers),
    user: options.user ?? defaultUser(),
    kerberos: options.kerberos && checkKerberos(options.kerberos, options.user),
    timeoutMillis: positive('timeoutMillis', options.timeoutMillis, 30_000),
    attemptTimeoutMillis,
    connectTimeoutMillis: positive('connectTimeoutMillis', options.connectTimeoutMillis, 3000),
    maxInFlightBytes: positive('maxInFlightBytes', options.maxInFlightBytes, 64 * 1024 * 1024),
    maxInFlightCalls: positive('maxInFlightCalls', options.maxInFlightCalls, 1024),
    maxResponseBytes: positive('maxResponseBytes', options.maxResponseBytes, 128 * 1024 * 1024),
    connect: options.connect ?? (({ host, port }) => tcpConnect({ host, port })),
  }
}

function checkKerberos(options: KerberosOptions, user: string | undefined): Required<KerberosOptions> {
  checkFields('kerberos', options, ['service'])
  if (user !== undefined)
    throw new TypeError('user: with kerberos, the ticket says who the user is; leave user out')
  const { service = 'hbase' } = options
  if (typeof service !== 'string' || !/^[\w.-]{1,100}$/.test(service))
    throw new TypeError(`kerberos.service: expected the first part of a principal, got ${shown(service)}`)
  return { service }
}

/** The addresses of `hbase://host:port[,host:port]`. Throws `TypeError`. */
export function parseServers(servers: string): Address[] {
  const list = /^hbase:\/\/([^/?#]+)\/?$/.exec(servers)?.[1]
  if (list === undefined)
    throw new TypeError(`servers: expected hbase://host:port[,host:port], got ${servers}`)
  return list.split(',').map((server) => {
    const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:@[\]\s]+):(\d{1,5})$/.exec(server.trim()) ?? []
    if (host === undefined || Number(port) < 1 || Number(port) > 65_535) {
      throw new TypeError(`servers: expected host:port, got ${server}`)
    }
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  })
}

/** `host:port`, for messages and as a key. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A setting that must be above 0. Throws `TypeError`. */
export function positive(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (!Number.isFinite(value) || value <= 0)
    throw new TypeError(`${name}: expected a positive number, got ${value}`)
  return value
}

function defaultUser(): string {
  try {
    return userInfo().username
  } catch {
    return 'hbase-client' // a container may run under a user id without a name
  }
}
