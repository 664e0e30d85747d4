import type { Store, StoreSpec } from './contract.js'

/** How long records are kept where nothing else is said: seven days. */
export const defaultTtlSeconds = 7 * 24 * 3600

/** HBase takes a TTL as an `int`, and means for ever by the largest. */
export const maxTtlSeconds = 2 ** 31 - 2

/** How long a store keeps records, in seconds; `Infinity` is for ever. */
export function ttlSecondsOf(store: StoreSpec | Store): number {
  return store.ttlSeconds ?? defaultTtlSeconds
}

/** Throws `TypeError` for what is no number of seconds. */
export function checkTtlSeconds(name: string, ttlSeconds: number | undefined): void {
  if (ttlSeconds === undefined || ttlSeconds === Infinity) return
  if (Number.isInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= maxTtlSeconds) return
  throw new TypeError(
    `${name} must be a whole number of seconds from 1 to ${maxTtlSeconds}, or Infinity: for ever (got ${String(ttlSeconds)})`,
  )
}

/** The fewest bytes of a limit: a few segments. */
const leastMaxBytes = 65_536

/** Throws `TypeError` for what is no limit of bytes. */
export function checkMaxBytes(name: string, maxBytes: number | undefined): void {
  if (maxBytes === undefined || maxBytes === Infinity) return
  if (Number.isSafeInteger(maxBytes) && maxBytes >= leastMaxBytes) return
  throw new TypeError(
    `${name} must be a whole number of bytes from ${leastMaxBytes} on, or Infinity: no limit (got ${String(maxBytes)})`,
  )
}

/** What a registry row says of it. */
export function keeps(ttlSeconds = Infinity): { readonly keepsSeconds?: number } {
  return ttlSeconds === Infinity ? {} : { keepsSeconds: ttlSeconds }
}
