import { lstatSync, type Stats } from 'node:fs'
import path from 'node:path'
import { lstat } from './calls.js'
import { FileRefused } from './refused.js'

/**
 * A path below a directory that the caller trusts: a data directory, or the directory of a store. `name` is
 * relative, with `/` between its parts. No part of it may be a link, `.` or `..`. Links in `dir` itself are
 * followed.
 */
export interface Place {
  readonly dir: string
  readonly name: string
}

export function pathOf({ dir, name }: Place): string {
  return path.join(dir, name)
}

/** Checks all parts except the last. Throws `FileRefused`, or file system errors. */
export function checkParents(place: Place): void {
  for (const parent of parentsOf(place)) refuseParent(parent, lstatSync(parent))
}

/** `checkParents`, and whether all of them are there. */
export function hasParents(place: Place): boolean {
  for (const parent of parentsOf(place)) {
    const stats = lstatSync(parent, { throwIfNoEntry: false })
    if (stats === undefined) return false
    refuseParent(parent, stats)
  }
  return true
}

/** `checkParents` without blocking. */
export async function checkParentsLater(place: Place): Promise<void> {
  for (const parent of parentsOf(place)) refuseParent(parent, await lstat(parent))
}

function parentsOf(place: Place): string[] {
  const parts = partsOf(place)
  return parts.slice(1).map((_, i) => path.join(place.dir, ...parts.slice(0, i + 1)))
}

/** The parts of a path's name. Throws `FileRefused` if one of them leads elsewhere. */
export function partsOf(place: Place): string[] {
  const parts = place.name.split('/')
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..' || /[\0\\]/.test(part))
      throw new FileRefused('ENOTOURS', pathOf(place), `is not below ${place.dir}`)
  }
  return parts
}

function refuseParent(parent: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new FileRefused('ELOOP', parent, 'is a symbolic link')
  if (!stats.isDirectory()) throw new FileRefused('ENOTREG', parent, 'is not a directory')
}
