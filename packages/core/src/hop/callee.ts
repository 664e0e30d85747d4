import { ipv4OfHost } from '../id/index.js'
import { limits, truncate } from '../record/limits.js'

/** Whom a URL names. */
export interface Callee {
  /** `host:port`, as recorded. */
  readonly name: string
  readonly ip: string
  readonly port: number
}

/** An adapter gives the same origin for each call to a service, and parsing it costs more than all else that is asked of it. */
const maxCallees = 256
const callees = new Map<string, Callee>()

/** Nothing else is remembered: a path is another one each time, and a user may have a password. */
const isOrigin = /^https?:\/\/[^/?#@\\]{1,255}\/?$/

/** @throws TypeError when it is no URL. */
export function calleeOf(url: string | URL): Callee {
  if (typeof url !== 'string') return calleeAt(url)
  const known = callees.get(url)
  if (known !== undefined) return known
  const callee = calleeAt(new URL(url.includes('://') ? url : `http://${url}`))
  if (!isOrigin.test(url)) return callee
  if (callees.size >= maxCallees) callees.clear()
  callees.set(url, callee)
  return callee
}

function calleeAt({ protocol, hostname, port: given }: URL): Callee {
  const port = given !== '' ? Number(given) : protocol === 'https:' ? 443 : 80
  return { name: truncate(`${hostname}:${port}`, limits.targetChars), ip: ipv4OfHost(hostname), port }
}
