import path from 'node:path'
import { HoptraceError } from '../base/errors.js'
import type { Store } from './contract.js'
import type { KnownDriver, SpecContext, StoreDriver, StoreMaking, StoreSpecLike } from './driver.js'
import { lazyStore } from './lazy-store.js'
import { loginFor, withoutLogin, type StoreLogin } from './login.js'
import { placeOfPackage } from './package-place.js'
import { hasSecrets } from './store-url.js'

const kindPattern = /^[a-z][a-z0-9-]{1,31}$/

/** The driver of a kind that a package brings; undefined for what cannot be a kind. */
export function packagedDriver(kind: string): KnownDriver | undefined {
  return kindPattern.test(kind) ? new PackagedDriver(kind) : undefined
}

class PackagedDriver implements KnownDriver {
  readonly options = ['kind', 'url', 'buckets', 'ttlSeconds', 'maxBytes']
  readonly buckets = 1
  readonly #kind: string

  constructor(kind: string) {
    this.#kind = kind
  }

  reach(url: string): 'host' | 'network' {
    return url.startsWith('//', url.indexOf(':') + 1) ? 'network' : 'host'
  }

  isUrl(url: string): boolean {
    return new RegExp(`^${this.#kind}(?:\\+[a-z0-9]+)?:[^\\0]+$`).test(url)
  }

  urlOf({ url }: StoreSpecLike, { service }: SpecContext, name: string): string {
    const kind = this.#kind
    if (typeof url !== 'string' || !this.isUrl(url))
      throw new TypeError(`${name}.url must be a URL that begins with ${kind}: (a store of kind '${kind}')`)
    const named = this.reach(url) === 'network' ? networkUrl(url, service, name) : fileUrl(url, service)
    const lacking = this.missing()
    if (lacking !== undefined) throw new TypeError(`${name}.kind '${kind}': ${lacking}`)
    return named
  }

  missing(): string | undefined {
    return placeOf(this.#kind) === undefined ? missing(this.#kind) : undefined
  }

  open(url: string, making?: StoreMaking, login = loginFor(url)): Store {
    // What the store is taken to be until its package is loaded: files may belong to one process.
    const expected = { durable: true, shared: this.reach(url) === 'network', ttl: false }
    return lazyStore(url, expected, async () => (await importDriver(this.#kind)).open(url, making, login))
  }

  registry(url: string, login?: StoreLogin): Store | undefined {
    if (this.reach(url) !== 'network') return undefined
    return this.open(url.replace(/#.*$/s, ''), { buckets: 1, ttlSeconds: undefined }, login)
  }
}

/** `{service}` is the service's name. Where a URL does not say what is the service's own on that server, `#` and the name do. */
function networkUrl(given: string, service: string, name: string): string {
  const url = withoutLogin(given)
  // A password with a slash that is not encoded would become part of the path.
  if (hasSecrets(url) || url.includes('@'))
    throw new TypeError(
      `${name}.url must have its user and password percent-encoded before the host, and no query`,
    )
  return (/\{service\}|#/.test(url) ? url : `${url}#{service}`).replaceAll('{service}', service)
}

function fileUrl(url: string, service: string): string {
  const named = url.replaceAll('{service}', service)
  const start = named.indexOf(':') + 1
  return named.slice(0, start) + path.resolve(named.slice(start))
}

function packagesOf(kind: string): readonly string[] {
  return [`@hoptrace/${kind}`, `hoptrace-store-${kind}`]
}

function missing(kind: string): string {
  return `no package opens ${kind}:… stores; npm install ${packagesOf(kind).join(', or ')}`
}

function placeOf(kind: string): string | undefined {
  for (const name of packagesOf(kind)) {
    const place = placeOfPackage(name)
    if (place !== undefined) return place
  }
  return undefined
}

/** Rejects with `HOPTRACE_STORE_UNAVAILABLE` that names the package to install. */
async function importDriver(kind: string): Promise<StoreDriver> {
  const place = placeOf(kind)
  if (place === undefined) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', missing(kind))
  const { driver } = (await import(place)) as { driver?: Partial<StoreDriver> }
  if (typeof driver?.open === 'function') return driver as StoreDriver
  throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${place} exports no driver with open(url, making)`)
}
