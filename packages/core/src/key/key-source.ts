import type { Diagnostics } from '../base/diagnostics.js'
import { clusterKeys, type ClusterKeys, type KeySource } from './cluster-keys.js'
import { checkClusterKey } from './check-cluster-key.js'
import { ensureDataDirKey, newClusterKey, readDataDirKey } from './data-dir-key.js'

/**
 * The key of a service: the given one, else the one that its data directory keeps, which is made when there
 * is none. Where that fails the service runs all the same, with a key that no other process has until the
 * directory takes it.
 */
export function keySource(given: string | undefined, dataDir: string, diagnostics: Diagnostics): KeySource {
  if (given !== undefined) return { secret: given, given: true }
  const fresh = newClusterKey()
  try {
    return { secret: ensureDataDirKey(dataDir, fresh), given: false }
  } catch (error) {
    diagnostics(
      'HOPTRACE_KEY',
      `${(error as Error).message}; until ${dataDir} keeps a key, other processes do not know this one`,
    )
    return { secret: fresh, given: false }
  }
}

/**
 * Offers the key of a running service to its data directory, which could not keep it when the service
 * started. Returns false if the directory has another key by now: then the service has to be restarted.
 * @throws file system errors
 */
export function offerKey({ secret, given }: KeySource, dataDir: string): boolean {
  return given || ensureDataDirKey(dataDir, secret) === secret
}

/**
 * The keys that a process of this host has by its environment (`HOPTRACE_KEY`), else by the data directory.
 */
export function keysHere(dataDir: string, env: NodeJS.ProcessEnv = process.env): AskersKeys {
  return askersKeys(env['HOPTRACE_KEY'] || undefined, dataDir)
}

/**
 * The keys of those who only ask, as of now. Throws `HOPTRACE_BAD_KEY` while the data directory's key cannot
 * be read.
 */
export type AskersKeys = () => ClusterKeys | undefined

/**
 * The keys of those who only ask: of the given secret, else of the one that the data directory keeps, from
 * the moment that it keeps one. Makes none.
 * @throws TypeError when the given secret is too weak.
 */
export function askersKeys(given: string | undefined, dataDir: string): AskersKeys {
  if (given !== undefined) checkClusterKey(given)
  let keys = given === undefined ? undefined : clusterKeys(given, true)
  return () => {
    if (keys !== undefined) return keys
    const secret = readDataDirKey(dataDir)
    if (secret !== undefined) keys = clusterKeys(secret, false)
    return keys
  }
}
