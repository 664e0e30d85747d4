import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ServerKind } from './kinds.js'

/** Where the server of `npm run mysql` and `npm run redis` has its data, also when this runs from a copy of the sources. */
export function defaultDir(kind: ServerKind): string {
  const here = fileURLToPath(import.meta.url).replace(/node_modules\/\.cache\/built-[^/]*\//, '')
  return path.join(path.dirname(here), '..', '.data', kind)
}
