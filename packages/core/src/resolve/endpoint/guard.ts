import type { ClusterKeys } from '../../key/index.js'
import { SIGNATURE_HEADER, SignatureCheck } from '../wire/sign.js'

/** What an asker is, as far as the endpoint cares. */
export interface Asker {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly remoteAddress: string
}

/** Headers by which proxies say that the socket's peer is not the one who asks. */
const proxied = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via', 'x-forwarded-host']

/** Decides who is answered: with a cluster key those who know it, without one processes of this host. */
export class Guard {
  private readonly signatures: SignatureCheck | undefined

  constructor(keys: ClusterKeys | undefined) {
    this.signatures = keys?.given === true ? new SignatureCheck(keys) : undefined
  }

  /** Null when the asker may be answered, otherwise the status that refuses. */
  refuse(asker: Asker): 401 | 403 | null {
    if (this.signatures !== undefined) {
      const signature = asker.headers[SIGNATURE_HEADER]
      const { method, url: target } = asker
      const run = new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('run') ?? ''
      return this.signatures.accepts({ method, host: '', run, target }, signature) ? null : 401
    }
    const direct =
      isLoopback(asker.remoteAddress) && proxied.every((name) => asker.headers[name] === undefined)
    return direct ? null : 403
  }
}

function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain)
}
