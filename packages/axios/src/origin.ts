import { parseUrl } from '@hoptrace/core'

/** Origins that are remembered: to parse a URL costs more than all else that is asked of it. */
const maxOrigins = 256
const origins = new Map<string, URL>()

/** An origin whose end needs no parser: no user, no backslash, no IPv6 address, nothing that a parser leaves out. */
const plainOrigin = /^https?:\/\/[a-z\d.-]+(?::\d+)?(?=[/?#]|$)/

/** A URL with the scheme, host and port of this one; the rest of it means nothing. Undefined if it is none. */
export function originOf(url: string): URL | undefined {
  const plain = plainOrigin.exec(url)?.[0]
  if (plain === undefined) return parseUrl(url)
  const known = origins.get(plain)
  if (known !== undefined) return known
  const origin = parseUrl(plain)
  if (origin === undefined) return undefined
  if (origins.size >= maxOrigins) origins.clear()
  origins.set(plain, origin)
  return origin
}
