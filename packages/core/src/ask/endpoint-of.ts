import { parseUrl } from '../base/parse-url.js'
import { ipv4OfHost, parseAddress } from '../id/index.js'
import type { InstanceRow } from '../record/instance-row.js'

/** The base URL of a row's endpoint when it may be asked: it must be at an address of the row itself. */
export function endpointOf(row: InstanceRow): URL | undefined {
  if (row.endpoint === null || row.endpoint.length > 256) return undefined
  const url = parseUrl(row.endpoint)
  if (url === undefined) return undefined
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || url.username !== '' || url.search !== '')
    return undefined
  if (url.pathname.replace(/\/$/, '') !== '/_hoptrace/v1') return undefined
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  const known = [row.address, ...row.aliases].some((address) => {
    const parsed = parseAddress(address)
    if (parsed?.port !== port) return false
    // An IPv6 address is represented by an IPv4 address in ids.
    return parsed.ip === (url.hostname.startsWith('[') ? ipv4OfHost(url.hostname) : url.hostname)
  })
  return known ? url : undefined
}
