import { messageSent } from '../record/destination.js'
import { givesUp, recordedCode } from '../record/outcome-codes.js'

/** Codes by which clients say only that something below them failed: its own code says what. */
const vague = new Set(['ERR_NETWORK', 'ERR_BAD_RESPONSE', 'ERR_BAD_REQUEST'])
/** How many causes of causes are looked at. */
const maxCauses = 8
/** How errors without a code begin by which `fetch` of Deno says in words what others say by a code. */
const inWords = /^(error sending request|client error|error reading a body from connection|connection reset)/i
/** What the words say. */
const words: readonly (readonly [RegExp, string])[] = [
  [/connection refused/i, 'ECONNREFUSED'],
  [/dns error/i, 'ENOTFOUND'],
  [/reset by peer|connection closed|reading a body from connection/i, 'ECONNRESET'],
  [/timed out/i, 'ETIMEDOUT'],
]

/** Outcomes that say nothing of the application. */
export const standardOutcomes: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ERR_CANCELED',
  'ECONNRESET',
  'ECONNREFUSED',
  'ERROR',
  messageSent,
])

/**
 * What a caller saw, in the form of `next`: an HTTP status as text, or an error's code. Clients have
 * different codes for one thing, so they are unified: `ETIMEDOUT` for a timeout, `ERR_CANCELED` for a
 * cancelled request, `ECONNRESET` for a broken connection. `Redaction.code` replaces anything that is not a
 * code by `ERROR`.
 */
export function outcomeOf(outcome: number | string | Error): string {
  if (typeof outcome === 'number') return String(outcome)
  if (typeof outcome === 'string') return recordedCode(outcome)
  let first: string | undefined
  let error: unknown = outcome
  for (let depth = 0; depth < maxCauses && typeof error === 'object' && error !== null; depth++) {
    const { code, name, message, cause, errors } = error as Readonly<Record<string, unknown>>
    if (typeof code === 'string' && code !== '') {
      if (!vague.has(code)) return recordedCode(code)
      first ??= code
    } else if (typeof name === 'string' && givesUp(name)) return recordedCode(name)
    else if (typeof message === 'string' && inWords.test(message)) {
      const told = words.find(([pattern]) => pattern.test(message))?.[1]
      if (told !== undefined) return told
    }
    // One attempt of several, where a name has several addresses.
    error = cause ?? (Array.isArray(errors) ? errors[0] : undefined)
  }
  return first ?? 'ERROR'
}
