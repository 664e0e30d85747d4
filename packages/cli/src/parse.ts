import { UsageError } from './usage-error.js'

/** The subject of a question: an id, or a business key. */
export type Subject =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'key'; readonly name: string; readonly value: string }

/**
 * `<id>`: 32 hex digits, or a whole `traceparent` (its trace-id is taken); or `name=value`.
 * Throws UsageError for anything else.
 */
export function parseSubject(text: string): Subject {
  const trimmed = text.trim()
  if (/^[0-9a-f]{32}$/i.test(trimmed)) return { kind: 'id', id: trimmed.toLowerCase() }
  const traceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i.exec(trimmed)
  if (traceparent?.[1] !== undefined) return { kind: 'id', id: traceparent[1].toLowerCase() }
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

/** `250ms`, `30s`, `10m`, `2h`, `7d` in milliseconds. Throws UsageError. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  const unit = match?.[2]
  if (!match || unit === undefined) {
    throw new UsageError(`'${text}' is not a duration`, 'durations look like 250ms, 30s, 10m, 2h or 7d')
  }
  return Number(match[1]) * (UNITS[unit] ?? 1)
}

/** A duration from `least` to `most`, in milliseconds. Throws UsageError. */
export function parseDurationWithin(text: string, least: string, most: string): number {
  const millis = parseDuration(text)
  if (millis >= parseDuration(least) && millis <= parseDuration(most)) return millis
  throw new UsageError(`${text} is not from ${least} to ${most}`)
}

/**
 * A moment from 1970 on: ISO time, or a duration before `nowMillis`, or `now`. In milliseconds since the
 * epoch. Throws UsageError.
 */
export function parseMoment(text: string, nowMillis: number): number {
  const trimmed = text.trim()
  if (trimmed === 'now') return nowMillis
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(trimmed)) return Math.max(0, nowMillis - parseDuration(trimmed))
  const millis = /^\d{4}-\d\d-\d\d/.test(trimmed) ? Date.parse(trimmed) : Number.NaN
  if (Number.isNaN(millis)) {
    throw new UsageError(
      `'${text}' is not a time`,
      'times look like 10m (ago), now, 2026-11-22T15:00:00Z, or 2026-11-22T15:00 (local)',
    )
  }
  return Math.max(0, millis)
}

/** A positive whole number. Throws UsageError. */
export function parseCount(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value
  throw new UsageError(`'${text}' is not a positive whole number`)
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
