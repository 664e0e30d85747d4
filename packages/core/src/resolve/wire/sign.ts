import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** The header that proves knowledge of the cluster key: `<milliseconds>.<nonce>.<hex of the HMAC>`. */
export const SIGNATURE_HEADER = 'hoptrace-signature'

/** How far the asker's clock may differ, and how long a nonce is remembered. */
const maxSkewMillis = 30_000
const maxNonces = 100_000
const info = 'hoptrace resolver v1'

const keys = new Map<string, Buffer>()

/** The key of signatures: HKDF-SHA256 of the cluster key, so that it is none of the keys that seal ids. */
function signingKey(clusterKey: string): Buffer {
  let key = keys.get(clusterKey)
  if (key === undefined) {
    key = Buffer.from(hkdfSync('sha256', clusterKey, '', info, 32))
    if (keys.size > 16) keys.clear()
    keys.set(clusterKey, key)
  }
  return key
}

function mac(clusterKey: string, method: string, path: string, millis: string, nonce: string): Buffer {
  const text = `${method}\n${path}\n${millis}\n${nonce}`
  return createHmac('sha256', signingKey(clusterKey)).update(text).digest()
}

/** Headers for a request. `path` is everything after the host, with its query. */
export function sign(clusterKey: string, method: string, path: string): Record<string, string> {
  const millis = String(Date.now())
  const nonce = randomBytes(12).toString('hex')
  return {
    [SIGNATURE_HEADER]: `${millis}.${nonce}.${mac(clusterKey, method, path, millis, nonce).toString('hex')}`,
  }
}

/** Checks signatures: right key, right request, recent, and each only once. */
export class SignatureCheck {
  private readonly nonces = new Map<string, number>()

  constructor(private readonly clusterKey: string) {}

  accepts(method: string, path: string, signature: string | undefined, nowMillis = Date.now()): boolean {
    const match = /^(\d{1,16})\.([0-9a-f]{24})\.([0-9a-f]{64})$/.exec(signature ?? '')
    if (match === null) return false
    const [, millis = '', nonce = '', hex = ''] = match
    const expected = mac(this.clusterKey, method, path, millis, nonce)
    if (!timingSafeEqual(expected, Buffer.from(hex, 'hex'))) return false
    if (Math.abs(nowMillis - Number(millis)) > maxSkewMillis) return false
    return this.fresh(nonce, nowMillis)
  }

  private fresh(nonce: string, nowMillis: number): boolean {
    // Insertion order is time order: the oldest are first.
    for (const [old, seen] of this.nonces) {
      if (nowMillis - seen <= 2 * maxSkewMillis && this.nonces.size < maxNonces) break
      this.nonces.delete(old)
    }
    if (this.nonces.has(nonce)) return false
    this.nonces.set(nonce, nowMillis)
    return true
  }
}
