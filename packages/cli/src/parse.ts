import { hopIdInText } from '@hoptrace/core'
import { UsageError } from './usage-error.js'

/** The subject of a question: an id, or a business key. */
export type Subject =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'key'; readonly name: string; readonly value: string }

/** An id in any form that `hopIdInText` reads, or `name=value`. Throws UsageError for anything else. */
export function parseSubject(text: string): Subject {
  const id = hopIdInText(text)
  if (id !== undefined) return { kind: 'id', id }
  // A value may contain white space.
  const equals = text.indexOf('=')
  if (equals > 0 && equals < text.length - 1) {
    return { kind: 'key', name: text.slice(0, equals), value: text.slice(equals + 1) }
  }
  throw new UsageError(
    `'${text}' is neither an id nor a key`,
    'an id has 32 hex digits; a key looks like orderId=42',
  )
}

/** A subject in the form that the resolver takes. */
export function subjectText(subject: Subject): string {
  return subject.kind === 'id' ? subject.id : `${subject.name}=${subject.value}`
}

/** `name=value` only. Throws UsageError. */
export function parseKey(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=')
  if (equals > 0 && equals < text.length - 1)
    return { name: text.slice(0, equals), value: text.slice(equals + 1) }
  throw new UsageError(`'${text}' is not a key`, 'a key looks like orderId=42')
}

/** An id only. Throws UsageError. */
export function parseId(text: string, what = ''): string {
  const id = hopIdInText(text)
  if (id !== undefined) return id
  throw new UsageError(`${what}'${text}' is not an id`, 'an id has 32 hex digits')
}
