import { chmodSync, closeSync, lstatSync, mkdirSync, readdirSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { dirModeOf, isShared } from './access.js'
import { partsOf, pathOf, type Place } from './beneath.js'
import { openFileSync } from './open.js'
import { errorCode, FileRefused, isMissing } from './refused.js'

/** The file that marks a directory as ours. hoptrace deletes nothing in a directory without it. */
export const markerName = 'HOPTRACE'

const markerText = 'This directory is kept by hoptrace.\n'

/**
 * Makes a directory with its parents and marks it as ours. An existing empty directory is marked too. A
 * directory that has content but no marker is refused with `ENOTOURS`. Throws file system errors.
 */
export function makeDirSync(place: Place): void {
  if (isMarkedSync(pathOf(place))) return
  makePlainDirSync(place)
  markSync(place)
}

/**
 * Makes a directory with its parents and marks none of them. Use it for a directory that holds only
 * directories.
 */
export function makePlainDirSync(place: Place): void {
  makeTopSync(place.dir)
  let dir = place.dir
  for (const part of partsOf(place)) {
    dir = path.join(dir, part)
    try {
      mkdirSync(dir, dirModeOf(dir))
      chmodSync(dir, dirModeOf(dir))
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      const stats = lstatSync(dir)
      if (stats.isSymbolicLink()) throw new FileRefused('ELOOP', dir, 'is a symbolic link')
      if (!stats.isDirectory()) throw new FileRefused('ENOTREG', dir, 'is not a directory')
    }
  }
}

/** Makes a directory that the caller trusts, and its parents. Follows links on the way. */
export function makeTopSync(dir: string): void {
  const first = mkdirSync(dir, { recursive: true, mode: 0o750 })
  if (first === undefined) return
  for (let made = dir; made.length >= first.length; made = path.dirname(made))
    chmodSync(made, dirModeOf(made))
}

/** Whether it is a directory, no link, and has our marker. */
export function isMarkedSync(dir: string): boolean {
  try {
    return lstatSync(dir).isDirectory() && lstatSync(path.join(dir, markerName)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

function markSync(place: Place): void {
  const dir = pathOf(place)
  if (readdirSync(dir).length > 0) {
    // Another process may have marked it and begun to use it at the same time.
    if (isMarkedSync(dir)) return
    throw new FileRefused('ENOTOURS', dir, `is not empty and has no file ${markerName}: it is not ours`)
  }
  try {
    const fd = openFileSync({ dir: place.dir, name: `${place.name}/${markerName}` }, 'create')
    try {
      writeSync(fd, markerText)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

/**
 * Why a service must not keep its records in this directory, and what to do; undefined if it may, or if there
 * is no such directory yet. Other users of the machine (for a shared directory: users outside its group) must
 * be able neither to read records nor to plant files.
 */
export function whyNotDataDir(dir: string): string | undefined {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  let stats
  try {
    stats = statSync(dir)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const instead = `name a directory that is not there yet, for example ${path.join(dir, 'hoptrace')}`
  if (!stats.isDirectory()) return `${dir} is not a directory`
  const group = isShared(dir)
  if (stats.uid !== uid && !group)
    return `${dir} belongs to user ${stats.uid} and this process is user ${uid}: ${instead}, or run chown ${uid} ${dir}`
  if ((stats.mode & (group ? 0o002 : 0o022)) !== 0)
    return `${dir} can be written by other users (mode ${(stats.mode & 0o7777).toString(8)}): ${instead}, or run chmod ${group ? 'o-w' : 'go-w'} ${dir}`
  return undefined
}
