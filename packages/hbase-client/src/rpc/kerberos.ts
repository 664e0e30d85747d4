import { createRequire } from 'node:module'
import path from 'node:path'
import { noBytes } from '../bytes.js'
import { HBaseError, protocolError } from '../errors.js'

/*
 * The client's side of SASL's mechanism GSSAPI (RFC 4752) with Kerberos. The npm package `kerberos`, which is a native module and an optional
 * peer, makes the tokens; `sasl.ts` carries them.
 */

/** What a server gets and sends while a connection is made. */
export interface SaslPeer {
  /** Where the server is, for errors. */
  readonly where: string
  send(token: Uint8Array): void
  /** Throws when the connection is gone. */
  check(): void
  /** The server's next token. Rejects with `HBaseError` when the server refuses or is gone. */
  reply(): Promise<Buffer>
}

interface GssClient {
  readonly username: string
  readonly contextComplete: boolean
  step(challenge: string): Promise<string | null>
  unwrap(challenge: string): Promise<string>
  wrap(challenge: string, options: object): Promise<string>
}

interface KerberosPackage {
  readonly GSS_MECH_OID_KRB5: number
  initializeClient(service: string, options: object): Promise<GssClient>
}

/** Bits of the first byte in which a server offers security layers. */
const layers = { authentication: 1, integrity: 2, privacy: 4 } as const

/**
 * Proves to a server who this process is, and has the server prove who it is. Resolves with the principal of this process. Rejects with
 * `KERBEROS`, with `ACCESS_DENIED` when the server refuses, or with what `peer.reply` rejects with.
 */
export async function authenticate(peer: SaslPeer, service: string, host: string): Promise<string> {
  const { where } = peer
  const kerberos = load(where)
  const mechOID = kerberos.GSS_MECH_OID_KRB5
  const gss = await ask(peer, () => kerberos.initializeClient(`${service}@${host}`, { mechOID }))
  const step = async (challenge: Buffer): Promise<Buffer> =>
    Buffer.from((await ask(peer, () => gss.step(challenge.toString('base64')))) ?? '', 'base64')

  let token = await step(noBytes)
  // Without mutual authentication the server would have nothing to prove.
  if (gss.contextComplete) throw protocolError(`${where}: Kerberos began without mutual authentication`)
  for (;;) {
    peer.send(token)
    if (gss.contextComplete) break
    token = await step(await peer.reply())
  }

  const wrapped = await peer.reply()
  const offer = Buffer.from(await ask(peer, () => gss.unwrap(wrapped.toString('base64'))), 'base64')
  const [offered] = offer
  if (offered === undefined || offer.length !== 4)
    throw protocolError(`${where}: an offer of security layers of ${offer.length} bytes`)
  if ((offered & layers.authentication) === 0) throw noLayer(where, offered)
  // `wrap` answers with the layer "authentication", whatever else the server offers.
  const choice = await ask(peer, () => gss.wrap(offer.toString('base64'), {}))
  peer.send(Buffer.from(choice, 'base64'))
  return gss.username
}

function noLayer(where: string, offered: number): HBaseError {
  const demanded = (offered & layers.integrity) === 0 ? 'privacy' : 'integrity'
  return new HBaseError(
    'KERBEROS',
    `${where}: the server demands hbase.rpc.protection = ${demanded}, which this client does not have: offer authentication, too, and protect connections by TLS`,
  )
}

/** Found beside this module, or beside the program that was started, where an installer keeps packages apart. */
function load(where: string): KerberosPackage {
  const program = process.argv[1]
  const origins = [import.meta.url, ...(program === undefined ? [] : [path.resolve(program)])]
  for (const origin of origins) {
    const require = createRequire(origin)
    try {
      require.resolve('kerberos')
    } catch {
      continue
    }
    try {
      return require('kerberos') as KerberosPackage
    } catch (error) {
      throw new HBaseError(
        'KERBEROS',
        `${where}: the npm package kerberos cannot be loaded (${textOf(error)}): install it again, and the system's Kerberos library (Debian: libgssapi-krb5-2)`,
        { cause: error },
      )
    }
  }
  throw new HBaseError('KERBEROS', `${where}: Kerberos needs a package: npm install kerberos`)
}

let last: Promise<unknown> = Promise.resolve()

/**
 * One after the other: each waits in a thread of libuv's pool, for seconds if the key distribution centre is away, and the
 * application's files and names need that pool.
 */
function ask<T>(peer: SaslPeer, work: () => Promise<T>): Promise<T> {
  const mine = last.then(async () => {
    peer.check()
    try {
      return await work()
    } catch (error) {
      throw gssError(peer.where, error)
    }
  })
  last = mine.catch(() => undefined)
  return mine
}

/** What may follow from an error of the Kerberos library. The first pattern that fits counts. */
const remedies: readonly (readonly [RegExp, string, 'none' | 'later'])[] = [
  [
    /expired/i,
    'the ticket has expired: get a new one with kinit, or let KRB5_CLIENT_KTNAME name a keytab',
    'none',
  ],
  [/skew/i, 'the clocks of this machine, of the server and of the KDC must agree', 'none'],
  [
    /contact any KDC|(find|resolve|reach).*KDC/i,
    'start the KDC, or name it in krb5.conf (KRB5_CONFIG)',
    'later',
  ],
  [
    /server .* not found in Kerberos database/i,
    "the KDC has no such server: check the service's name, and the name by which the cluster knows the host",
    'none',
  ],
  [
    /no kerberos credentials|credentials? cache|keytab|no credentials|can't find client principal/i,
    'there is no ticket: get one with kinit, or let KRB5_CLIENT_KTNAME name a keytab',
    'none',
  ],
  [/configuration file|krb5\.conf|default realm/i, 'name the configuration in KRB5_CONFIG', 'none'],
]

function gssError(where: string, error: unknown): HBaseError {
  const text = textOf(error).replace(/^.*Minor code may provide more information: /s, '')
  const [, remedy, recovery] = remedies.find(([pattern]) => pattern.test(text)) ?? []
  return new HBaseError(
    'KERBEROS',
    `${where}: Kerberos: ${text}${remedy === undefined ? '' : `; ${remedy}`}`,
    {
      recovery: recovery ?? 'none',
      cause: error,
    },
  )
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
