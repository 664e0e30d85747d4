import { IncomingMessage } from 'node:http'
import { TRACEPARENT } from './headers.js'

/**
 * The property in which Node keeps the headers object once code has read it; undefined if a version has none.
 */
const headersKey = Object.getOwnPropertySymbols(new IncomingMessage(undefined as never)).find(
  ({ description }) => description === 'kHeaders',
)

/**
 * Whether there is a `traceparent`. Node makes `req.headers` at the first access, at a cost that grows with
 * the number of headers, and many requests never need it. The raw headers are enough, unless code has made
 * the object and may have changed it.
 */
export function carriesContext(req: IncomingMessage): boolean {
  if (headersKey === undefined || Reflect.get(req, headersKey) !== null) {
    return req.headers[TRACEPARENT] !== undefined
  }
  const { rawHeaders: raw } = req
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.length === TRACEPARENT.length && name.toLowerCase() === TRACEPARENT) return true
  }
  return false
}
