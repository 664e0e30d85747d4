import { lstatSync, opendirSync } from 'node:fs'
import path from 'node:path'
import { checkParentsLater, hasParents, pathOf, type Place } from './beneath.js'
import { lstat, opendir } from './calls.js'
import { FileRefused, isMissing } from './refused.js'

/** An entry of a directory; `kind` as the directory itself says, without following a link. */
export interface Entry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'socket' | 'other'
}

/** A directory with more entries is refused with `EFBIG`, unless the caller sets a limit. */
export const maxEntries = 1_000_000

/** The entries of a directory, which must not be a link; none if there is no such directory. */
export function listDirSync(place: Place, limit = maxEntries): Entry[] {
  const entries: Entry[] = []
  const file = pathOf(place)
  try {
    // Often there is no such directory, and an error takes longer than all else.
    const stats = hasParents(place) ? lstatSync(file, { throwIfNoEntry: false }) : undefined
    if (stats === undefined) return entries
    refuseLink(file, stats.isDirectory())
    const dir = opendirSync(file)
    try {
      for (let found = dir.readSync(); found !== null; found = dir.readSync())
        add(entries, found, file, limit)
    } finally {
      dir.closeSync()
    }
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  return entries
}

/** What a name is that the caller knows, as the list of its directory says; undefined if it is not there. Throws as `listDirSync` does. */
export function kindSync(place: Place): Entry['kind'] | undefined {
  const stats = hasParents(place) ? lstatSync(pathOf(place), { throwIfNoEntry: false }) : undefined
  if (stats === undefined) return undefined
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSocket() ? 'socket' : 'other'
}

/** `listDirSync` without blocking. */
export async function listDir(place: Place, limit = maxEntries): Promise<Entry[]> {
  const entries: Entry[] = []
  const file = pathOf(place)
  try {
    await checkParentsLater(place)
    refuseLink(file, (await lstat(file)).isDirectory())
    for await (const found of await opendir(file, { bufferSize: 1024 })) add(entries, found, file, limit)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  return entries
}

interface Found {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
  isSocket(): boolean
}

function add(entries: Entry[], found: Found, dir: string, limit: number): void {
  if (entries.length >= limit) throw new FileRefused('EFBIG', dir, `has more than ${limit} entries`)
  entries.push({ name: found.name, kind: kindOf(found, dir) })
}

function kindOf(found: Found, dir: string): Entry['kind'] {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'directory'
  if (found.isSocket()) return 'socket'
  // An entry of Deno's does not know that it is one.
  const isSocket =
    isDeno && lstatSync(path.join(dir, found.name), { throwIfNoEntry: false })?.isSocket() === true
  return isSocket ? 'socket' : 'other'
}

const isDeno = 'deno' in process.versions

function refuseLink(file: string, isDirectory: boolean): void {
  if (!isDirectory) throw new FileRefused('ENOTREG', file, 'is not a directory')
}
