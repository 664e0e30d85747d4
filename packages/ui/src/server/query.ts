import { hopIdInText, type FindQuery, type RangeQuery } from '@hoptrace/core'

/** Wrong use of the API: what is wrong with which parameter. Answered with 400. */
export class BadQuery extends Error {}

/** Parameters of a request. A parameter that is given twice is wrong. */
export type Parameters = Readonly<Record<string, unknown>>

const MAX_TEXT = 1024

/** An id, or a key as `name=value`. */
export function subjectIn(parameters: Parameters): string {
  const text = required(parameters, 'of').trim()
  const equals = text.indexOf('=')
  if (hopIdInText(text) !== undefined || (equals > 0 && equals < text.length - 1)) return text
  throw new BadQuery('of must be an id of 32 hex digits, or a key such as orderId=42')
}

/** A key to look for. */
export function findIn(parameters: Parameters): FindQuery {
  const text = required(parameters, 'key')
  const equals = text.indexOf('=')
  if (equals < 1 || equals === text.length - 1) throw new BadQuery('key must look like orderId=42')
  return {
    key: text.slice(0, equals),
    value: text.slice(equals + 1),
    limit: countIn(parameters, 'limit', 50, 1000),
  }
}

/** The hops of one service in a span of time. */
export function rangeIn(parameters: Parameters, nowMillis: number): RangeQuery {
  const { from, to } = spanIn(parameters, nowMillis)
  const status = optional(parameters, 'status')
  const route = optional(parameters, 'route')
  const key = optional(parameters, 'key')
  const after = optional(parameters, 'after')
  const minDuration = optional(parameters, 'minDurationMicros')
  if (status !== undefined && !/^([1-5]\d\d|[1-5]xx|error|ok|open)$/.test(status))
    throw new BadQuery('status must be error, ok, open, a class such as 5xx, or a status such as 502')
  if (key !== undefined && !/^[^=]+=./s.test(key)) throw new BadQuery('key must look like orderId=42')
  if (after !== undefined && hopIdInText(after) === undefined) throw new BadQuery('after must be an id')
  const minDurationMicros = minDuration === undefined ? undefined : Number(minDuration)
  if (minDurationMicros !== undefined && !(minDurationMicros >= 0))
    throw new BadQuery('minDurationMicros must be a number of microseconds')
  return {
    service: required(parameters, 'service'),
    from,
    to,
    limit: countIn(parameters, 'limit', 500, 20_000),
    ...(status === undefined ? {} : { status }),
    ...(route === undefined ? {} : { route }),
    ...(key === undefined ? {} : { key }),
    ...(after === undefined ? {} : { after }),
    ...(minDurationMicros === undefined ? {} : { minDurationMicros }),
  }
}

/** A span of time, in milliseconds since the epoch. The last ten minutes where none is given. */
export function spanIn(
  parameters: Parameters,
  nowMillis: number,
): { readonly from: number; readonly to: number } {
  const to = momentIn(parameters, 'to') ?? nowMillis
  const from = momentIn(parameters, 'from') ?? to - 600_000
  if (from >= to) throw new BadQuery('from must be before to')
  return { from, to }
}

/** A whole number from 1 to `most`. */
export function countIn(parameters: Parameters, name: string, fallback: number, most: number): number {
  const text = optional(parameters, name)
  if (text === undefined) return fallback
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= most) return count
  throw new BadQuery(`${name} must be a whole number from 1 to ${most}`)
}

function momentIn(parameters: Parameters, name: string): number | undefined {
  const text = optional(parameters, name)
  if (text === undefined) return undefined
  const millis = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isFinite(millis) && millis >= 0) return millis
  throw new BadQuery(`${name} must be milliseconds since the epoch, or an ISO time`)
}

/** The text of a parameter that has to be there. */
export function required(parameters: Parameters, name: string): string {
  const text = optional(parameters, name)
  if (text === undefined) throw new BadQuery(`${name} is missing`)
  return text
}

/** The text of a parameter; undefined where it is missing or empty. */
export function optional(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new BadQuery(`${name} is given more than once`)
  if (value.length > MAX_TEXT) throw new BadQuery(`${name} may have at most ${MAX_TEXT} characters`)
  return value
}
