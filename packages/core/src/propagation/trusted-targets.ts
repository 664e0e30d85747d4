import { isIPv6 } from 'node:net'
import { ipv4OfHost, parseIpv4 } from '../id/ip.js'

/** Targets about which something is remembered. */
const maxTargets = 1000

/** A pattern of the option `trustedTargets`: `host`, `host:port` or `*.suffix`, with a port or without. */
const PATTERN = /^(?:\*\.)?[a-z0-9._-]{1,253}(?::\d{1,5})?$|^\[[0-9a-f:.]{2,45}\](?::\d{1,5})?$/i

export const isTargetPattern = (text: unknown): text is string =>
  typeof text === 'string' && PATTERN.test(text)

/**
 * The targets that receive ids of the cluster: private addresses and names, targets in the options, and
 * targets that have proven the key. Any other target first has to prove it.
 */
export class TrustedTargets {
  private readonly patterns: readonly string[]
  private readonly known = new Map<string, boolean>()

  constructor(patterns: readonly string[] = []) {
    this.patterns = patterns.map((pattern) => pattern.toLowerCase())
  }

  /** @param target `host:port` */
  has(target: string): boolean {
    const known = this.known.get(target)
    if (known !== undefined) return known
    const trusted = this.isTrusted(target)
    this.remember(target, trusted)
    return trusted
  }

  /** It has answered with what only the key makes. */
  prove(target: string): void {
    if (this.known.get(target) !== true) this.remember(target, true)
  }

  private remember(target: string, trusted: boolean): void {
    this.known.delete(target)
    if (this.known.size >= maxTargets) this.known.delete(this.known.keys().next().value as string)
    this.known.set(target, trusted)
  }

  private isTrusted(target: string): boolean {
    const colon = target.lastIndexOf(':')
    const host = target.slice(0, colon).toLowerCase().replace(/\.$/, '')
    return (
      isPrivateHost(host) || this.patterns.some((pattern) => matches(pattern, host, target.slice(colon + 1)))
    )
  }
}

function matches(pattern: string, host: string, port: string): boolean {
  const [, name = '', ports] = /^(.*?)(?::(\d+))?$/.exec(pattern.startsWith('[') ? '' : pattern) ?? []
  if (pattern.startsWith('[')) return pattern === host || pattern === `${host}:${port}`
  if (ports !== undefined && ports !== port) return false
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name
}

const privateNames = /\.(?:local|internal|svc|localdomain|test|lan|localhost)$/

/**
 * Addresses and names that do not lead outside: loopback, private and link-local networks, names of one
 * label.
 */
function isPrivateHost(host: string): boolean {
  const bits = parseIpv4(host)
  if (bits !== undefined) return isPrivateIpv4(bits)
  if (host.startsWith('[')) return isPrivateIpv6(host.slice(1, -1))
  return host !== '' && (!host.includes('.') || privateNames.test(host))
}

function isPrivateIpv4(bits: number): boolean {
  const within = (base: string, length: number): boolean =>
    Math.floor(bits / 2 ** (32 - length)) === Math.floor((parseIpv4(base) as number) / 2 ** (32 - length))
  return (
    bits === 0 ||
    within('127.0.0.0', 8) ||
    within('10.0.0.0', 8) ||
    within('172.16.0.0', 12) ||
    within('192.168.0.0', 16) ||
    within('169.254.0.0', 16) ||
    within('100.64.0.0', 10)
  )
}

function isPrivateIpv6(ip: string): boolean {
  const bare = ip.replace(/%.*$/s, '')
  if (!isIPv6(bare)) return false
  if (/^f[cd]/i.test(bare) || /^fe[89ab]/i.test(bare)) return true
  // Of a mapped address its IPv4, of loopback 127.0.0.1, of any other one that is not private.
  return isPrivateIpv4(parseIpv4(ipv4OfHost(bare)) as number)
}
