/** W3C Trace Context: the trace's id, the caller's span, flags. */
export const TRACEPARENT = 'traceparent'
/** W3C Trace Context: a list of members, one of which is ours. */
export const TRACESTATE = 'tracestate'
/** Response header to a hoptrace caller: who really answered. */
export const HOPTRACE = 'hoptrace'
/** Response header to any other caller, W3C Trace Context draft (Level 2, "traceresponse"). */
export const TRACERESPONSE = 'traceresponse'

/** Headers by lowercase name, as `node:http` gives them, or anything with a `get(name)` such as a fetch `Headers`. Values may be bytes, as message brokers give them. */
export type RawHeaders = Readonly<Record<string, unknown>> | { get(name: string): unknown }

/**
 * One header's value: lines of a repeated header joined with commas. Undefined when it is absent, not text, or longer than
 * `maxChars`.
 */
export function headerText(headers: RawHeaders, name: string, maxChars: number): string | undefined {
  const value = hasGet(headers) ? headers.get(name) : headers[name]
  if (typeof value === 'string') return value.length <= maxChars ? value : undefined
  if (value instanceof Uint8Array) {
    return value.byteLength <= maxChars ? Buffer.from(value).toString('latin1') : undefined
  }
  if (!Array.isArray(value) || value.length > 64) return undefined
  const lines = value as readonly unknown[]
  let chars = 0
  for (const line of lines) {
    if (typeof line !== 'string' || (chars += line.length + 1) > maxChars) return undefined
  }
  return lines.join(',')
}

function hasGet(headers: RawHeaders): headers is { get(name: string): unknown } {
  return typeof headers.get === 'function'
}
