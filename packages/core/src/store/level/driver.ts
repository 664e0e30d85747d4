import path from 'node:path'
import type { KnownDriver } from '../driver.js'
import { lazyStore } from '../lazy-store.js'

const scheme = 'level:'
/** The longest path that a row of the registry can name. */
const maxDirBytes = 3072
const supports = { durable: true, shared: true, ttl: false } as const

/** `level:DIR`: files of one host, which all its processes may have open. */
export const levelDriver: KnownDriver = {
  options: ['kind', 'dir', 'ttlSeconds', 'maxBytes'],
  buckets: 1,
  reach: () => 'host',
  isUrl: (url) => url.startsWith(scheme) && url.length > scheme.length && !url.includes('\0'),
  urlOf: ({ dir }, { dataDir, service }, name) => {
    const full = path.resolve(dir ?? path.join(dataDir, 'stores', service))
    if (dir !== undefined && Buffer.byteLength(full) > maxDirBytes)
      throw new TypeError(`${name}.dir is too long: a path has ${maxDirBytes} bytes at most`)
    return scheme + full
  },
  open: (url, making) => {
    const dir = path.resolve(url.slice(scheme.length))
    return lazyStore(scheme + dir, supports, async () =>
      (await import('./level-store.js')).levelStore({ dir, make: making !== undefined }),
    )
  },
  registry: () => undefined,
}
