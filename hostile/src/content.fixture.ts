import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Everything that a data directory holds, as text. */
export function contentOf(dataDir: string): string {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}
