import type { CallRecord } from './record.js'

/** What a registry row takes. */
const maxChars = 255
const form = /^[a-z][a-z0-9]{0,15}:\/\//
const plain = /^[a-z][a-z0-9]{0,15}:\/\/[\x21-\x7e]{1,237}$/

/** Whether a text is a destination as we record it. Addresses (`host:port`) are none. */
export function isDestination(text: string): boolean {
  return plain.test(text)
}

/**
 * A destination as we record it: `kafka://orders.placed`. Spaces and characters outside ASCII are escaped as in a URL; what is too
 * long is cut.
 */
export function recordedDestination(text: string): string {
  const scheme = form.exec(text)?.[0] ?? 'message://'
  const name = text.startsWith(scheme) ? text.slice(scheme.length) : text
  return `${scheme}${encodeURI(Buffer.from(name.slice(0, maxChars)).toString()) || '-'}`.slice(0, maxChars)
}

/**
 * Whether a call is a message: its target is a destination, not an address. The sender does not wait for the
 * consumer, and several services may consume it, each more than once.
 */
export function isMessage({ target }: Pick<CallRecord, 'target'>): boolean {
  return target.includes('://')
}

/** The outcome of a message that the broker has accepted. The consumer's record says the rest. */
export const messageSent = 'SENT'
