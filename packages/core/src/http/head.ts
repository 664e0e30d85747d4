import { OutgoingMessage } from 'node:http'

/**
 * What to give to Node's `_storeHeader` instead of `args`, its first line and its headers, so that the head has `ours` as well.
 * Ours follow the first line as text. So Node treats the application's headers, and answers `getHeader`, as without them.
 */
export function headWith(
  message: OutgoingMessage,
  args: readonly unknown[],
  ours: Readonly<Record<string, string>>,
): unknown[] {
  let lines = String(args[0])
  for (const name in ours) lines += `${name}: ${ours[name] as string}\r\n`
  return [lines, withoutOurs(message, args[1], ours)]
}

/** Node's own: an application may replace it on its message. */
const hasHeader: (this: OutgoingMessage, name: string) => boolean = Reflect.get(
  OutgoingMessage.prototype,
  'hasHeader',
)

/** The application's headers without those that are ours, as a gateway copies them from its upstream; in the form in which they came. */
function withoutOurs(
  message: OutgoingMessage,
  headers: unknown,
  ours: Readonly<Record<string, string>>,
): unknown {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    return withoutHeaders(headers, ours)
  // What was set before the head: a list of names and values, which Node takes as well.
  for (const name in ours) {
    if (hasHeader.call(message, name)) {
      return Object.values(headers as Record<string, unknown[]>).filter(([set]) => !isNamed(ours, set))
    }
  }
  return withoutHeaders(headers, ours)
}

/** `headers`, in any form that `writeHead` takes, without those of the names of `ours`; what is no headers as it is. */
export function withoutHeaders(headers: unknown, ours: Readonly<Record<string, string>>): unknown {
  if (typeof headers !== 'object' || headers === null) return headers
  if (Array.isArray(headers)) {
    const list = headers as readonly unknown[]
    if (Array.isArray(list[0])) return list.filter((pair) => !isNamed(ours, (pair as readonly unknown[])[0]))
    return list.some((name, i) => i % 2 === 0 && isNamed(ours, name))
      ? list.filter((_, i) => !isNamed(ours, list[i - (i % 2)]))
      : headers
  }
  for (const name in headers) {
    if (isNamed(ours, name))
      return Object.fromEntries(Object.entries(headers).filter(([one]) => !isNamed(ours, one)))
  }
  return headers
}

function isNamed(ours: Readonly<Record<string, string>>, name: unknown): boolean {
  return typeof name === 'string' && lengths.has(name.length) && Object.hasOwn(ours, name.toLowerCase())
}

/** Of `hoptrace`, `tracestate`, `traceparent` and `traceresponse`. */
const lengths: ReadonlySet<number> = new Set([8, 10, 11, 13])
