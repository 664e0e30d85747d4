import path from 'node:path'

/** Who may read and write what is made: this user, and its group may read; or all of the directory's group. */
export type Access = 'owner' | 'group'

const shared = new Set<string>()

/**
 * What is made in this directory and below can be read and written by the directory's group: services of several users keep their records
 * there. For this thread.
 */
export function shareWithGroup(dir: string): void {
  shared.add(path.resolve(dir))
}

/** Is it such a directory, or below one? */
export function isShared(file: string): boolean {
  if (shared.size === 0) return false
  const full = path.resolve(file)
  return [...shared].some((dir) => full === dir || full.startsWith(dir + path.sep))
}

/** The mode of a file that is made, whatever the umask is. */
export function fileModeOf(file: string): number {
  return isShared(file) ? 0o660 : 0o640
}

/** The mode of a directory that is made, whatever the umask is. What is made in a shared one gets its group. */
export function dirModeOf(dir: string): number {
  return isShared(dir) ? 0o2770 : 0o750
}
