import path from 'node:path'
import { logDirOf } from '../../rundir/index.js'
import type { InstanceRow } from '../../record/instance-row.js'

const level = 'level:'

/** A row as it is written: what is below the data directory is named relative to it, so that the directory can be moved. */
export function writtenPaths(row: InstanceRow, dataDir: string): InstanceRow {
  return {
    ...row,
    logDir: path.isAbsolute(row.logDir) ? logDirOf(row.logDir) : row.logDir,
    stores: row.stores.map((url) => relativeStoreUrl(url, dataDir)),
  }
}

/** A row that was read in a data directory: its level stores are below that directory, wherever it is now. */
export function readPaths(row: InstanceRow, dataDir: string): InstanceRow {
  return {
    ...row,
    stores: row.stores.map((url) => absoluteStoreUrl(url, dataDir)),
  }
}

/** `level:stores/orders` for the URL of a level store below the data directory; other URLs are as they were. */
export function relativeStoreUrl(url: string, dataDir: string): string {
  if (!url.startsWith(level)) return url
  const dir = url.slice(level.length)
  if (!path.isAbsolute(dir)) return url
  const relative = path.relative(path.resolve(dataDir), dir)
  const isBelow = relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative)
  return isBelow ? level + relative.split(path.sep).join('/') : url
}

/** The reverse of `relativeStoreUrl`, for the place where the data directory is now. */
export function absoluteStoreUrl(url: string, dataDir: string): string {
  return url.startsWith(level) ? level + path.resolve(dataDir, url.slice(level.length)) : url
}

/** Is it a level store in a data directory that is not here? */
export function isElsewhere(url: string): boolean {
  return url.startsWith(level) && !path.isAbsolute(url.slice(level.length))
}
