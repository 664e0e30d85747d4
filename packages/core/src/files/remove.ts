import { lstatSync, rmdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { checkParents, pathOf, type Place } from './beneath.js'
import { listDirSync } from './list.js'
import { isMarkedSync, markerName } from './make-dir.js'
import { errorCode, FileRefused, isMissing } from './refused.js'

/** A directory that hoptrace made, whose files may be deleted, and the pattern of our file names. */
export interface OurDir {
  readonly place: Place
  /** Matches the whole name of a file that hoptrace made. */
  readonly ours: RegExp
}

/**
 * Deletes a file of our directory. Refuses (`ENOTOURS`) a foreign name, a directory without our marker,
 * and a directory reached through a link. A link in place of the file is deleted itself. False if there is no
 * such file. The caller owns the directory.
 */
export function removeFileSync({ place, ours }: OurDir, name: string): boolean {
  const dir = pathOf(place)
  if (!ours.test(name) || path.basename(name) !== name)
    throw new FileRefused('ENOTOURS', path.join(dir, name), 'has no name of ours and is not deleted')
  try {
    requireOurs(place)
    unlinkSync(path.join(dir, name))
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/**
 * Deletes all files with our names from a directory, then the marker, then the directory. Foreign files stay,
 * and then so does the directory. True if the directory is gone. The caller owns the directory.
 */
export function removeDirSync({ place, ours }: OurDir): boolean {
  const dir = pathOf(place)
  try {
    requireOurs(place)
    let others = 0
    for (const { name, kind } of listDirSync(place)) {
      if (name === markerName) continue
      if (ours.test(name) && kind !== 'directory') unlinkQuietly(path.join(dir, name))
      else others++
    }
    if (others > 0) return false
    unlinkQuietly(path.join(dir, markerName))
    rmdirSync(dir)
    return true
  } catch (error) {
    if (isMissing(error)) return true
    // Another process made a file in it at the same time.
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(error))) return false
    throw error
  }
}

function requireOurs(place: Place): void {
  const dir = pathOf(place)
  checkParents(place)
  lstatSync(dir)
  if (!isMarkedSync(dir))
    throw new FileRefused('ENOTOURS', dir, `has no file ${markerName}: nothing in it is deleted`)
}

function unlinkQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
