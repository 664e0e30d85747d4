import { readdirSync } from 'node:fs'
import path from 'node:path'

/** Parts of a data directory that are damaged. */
export const PLACES = ['log', 'journal', 'run', 'store', 'registry', 'key'] as const

/** Name of a place. */
export type Place = (typeof PLACES)[number]

/** The plain files of each place of a data directory: paths relative to it, in order. */
export function filesByPlace(dataDir: string): ReadonlyMap<Place, readonly string[]> {
  const files = new Map<Place, string[]>(PLACES.map((place) => [place, []]))
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.relative(dataDir, path.join(entry.parentPath, entry.name))
    const place = placeOf(file)
    if (place !== undefined) files.get(place)?.push(file)
  }
  for (const list of files.values()) list.sort()
  return files
}

function placeOf(file: string): Place | undefined {
  const [top, ...rest] = file.split(path.sep)
  const name = rest.at(-1) ?? ''
  if (top === 'key') return 'key'
  if (top === 'registry') return 'registry'
  if (top === 'stores') return 'store'
  if (top !== 'logs') return undefined
  if (/^\d+\.log$/.test(name)) return 'log'
  return name.includes('journal') ? 'journal' : 'run'
}
