import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Where a package is that a store needs; undefined when it is not installed. Packages are found beside core, or beside the program that
 * was started, where the installer keeps packages apart. The working directory does not count: it may be a stranger's, and its
 * registry could name a package in it.
 */
export function placeOfPackage(name: string): string | undefined {
  const program = process.argv[1]
  const origins = [import.meta.url, ...(program === undefined ? [] : [path.resolve(program)])]
  for (const origin of origins) {
    try {
      return pathToFileURL(createRequire(origin).resolve(name)).href
    } catch (error) {
      // Only `import` may resolve it.
      if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return name
    }
  }
  return undefined
}
