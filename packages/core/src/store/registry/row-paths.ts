import path from 'node:path'
import { logDirOf } from '../../rundir/index.js'
import type { InstanceRow } from '../../record/instance-row.js'

/** URLs of stores that are files: `level:/dir`, and `sqlite:/dir/orders.db` of a package. A server's have `//`. */
const files = /^([a-z][a-z0-9-]*:)(\/(?!\/).*)$/s
/** The same below the data directory, as they are written: `level:stores/orders`, `sqlite:./stores/orders.db`. */
const below = /^(?:(level:)|([a-z][a-z0-9-]*:)(?=\.\/))(?!\/)(.*)$/s

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

/** `level:stores/orders` for the URL of a level store below the data directory, and the like for other files; other URLs are as they were. */
export function relativeStoreUrl(url: string, dataDir: string): string {
  const [, scheme, file] = files.exec(url) ?? []
  if (scheme === undefined || file === undefined) return url
  const relative = path.relative(path.resolve(dataDir), file)
  const isBelow = relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative)
  return isBelow ? scheme + (scheme === 'level:' ? '' : './') + relative.split(path.sep).join('/') : url
}

/** The reverse of `relativeStoreUrl`, for the place where the data directory is now. */
export function absoluteStoreUrl(url: string, dataDir: string): string {
  const [, level, packaged, file] = below.exec(url) ?? []
  return file === undefined ? url : `${level ?? packaged}${path.resolve(dataDir, file)}`
}

/** Is it a store in a data directory that is not here? */
export function isElsewhere(url: string): boolean {
  return below.test(url)
}
