import { timing } from '../base/timing.js'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { ClusterKeys } from '../key/index.js'

/** The header that proves knowledge of the cluster key: `<milliseconds>.<nonce>.<mac>`. */
export const SIGNATURE_HEADER = 'hoptrace-signature'

/**
 * A nonce is remembered until its signature is too old anyway. When there are more of them, further questions
 * are refused.
 */
const maxNonces = 100_000

/** What a signature covers. A process that intercepts it can use it for nothing else. */
export interface Question {
  readonly method: string
  /** The host of the run that is asked, as its row of the registry says. */
  readonly host: string
  /** The run that is asked: `address,worker,startNanos`, as in the parameter `run`. */
  readonly run: string
  /** The URL after the host: path and query, exactly as sent. */
  readonly target: string
}

/** The header that signs a question now. */
export function sign(keys: ClusterKeys, question: Question, nowMillis = Date.now()): Record<string, string> {
  const millis = String(nowMillis)
  const nonce = randomBytes(12).toString('hex')
  return { [SIGNATURE_HEADER]: `${millis}.${nonce}.${mac(keys, question, millis, nonce)}` }
}

/** Checks signatures for one run: right key, right question, recent, and each nonce only once. */
export class SignatureCheck {
  /** Nonces by the time from which on their signature is too old. Insertion order is about time order. */
  private readonly nonces = new Map<string, number>()

  constructor(private readonly keys: ClusterKeys) {}

  accepts(question: Question, signature: string | undefined, nowMillis = Date.now()): boolean {
    const match = /^(\d{1,16})\.([0-9a-f]{24})\.([0-9a-f]{32})$/.exec(signature ?? '')
    if (match === null) return false
    const [, millis = '', nonce = '', hex = ''] = match
    const expected = mac(this.keys, question, millis, nonce)
    if (!timingSafeEqual(Buffer.from(expected), Buffer.from(hex))) return false
    if (Math.abs(nowMillis - Number(millis)) > timing.signatureSkewMillis) return false
    return this.isFresh(nonce, Number(millis) + timing.signatureSkewMillis, nowMillis)
  }

  private isFresh(nonce: string, untilMillis: number, nowMillis: number): boolean {
    for (const [old, until] of this.nonces) {
      if (until >= nowMillis) break
      this.nonces.delete(old)
    }
    // Forgetting one that is still good would let it be used again.
    if (this.nonces.has(nonce) || this.nonces.size >= maxNonces) return false
    this.nonces.set(nonce, untilMillis)
    return true
  }
}

/**
 * One line per part, so that parts cannot be confused: a method, a run and a target have no line ends; a host
 * with one gets no answer.
 */
function mac(
  keys: ClusterKeys,
  { method, host, run, target }: Question,
  millis: string,
  nonce: string,
): string {
  return keys.mac('question', [method, host, run, target, millis, nonce].join('\n'))
}
