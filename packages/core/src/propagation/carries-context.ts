import { IncomingMessage } from 'node:http'
import { TRACEPARENT } from './headers.js'

/** Where Node keeps the headers object once somebody asked for it; undefined where a version has no such place. */
const headersKey = Object.getOwnPropertySymbols(new IncomingMessage(undefined as never)).find(
  ({ description }) => description === 'kHeaders',
)

/**
 * Is there a `traceparent`? Node makes `req.headers` only when it is asked for, at a price that grows with the number of
 * headers, and many requests are answered without. Headers as they came off the wire tell as well, as long as nobody has made
 * the object, and so may have changed it.
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
