/** What is done with a file that is open, and questions about names that open nothing. */
export { closeSync, existsSync, fstatSync, fsync, ftruncateSync, readSync } from 'node:fs'
import { lstatSync } from 'node:fs'

/** When a file was last written, in milliseconds since the epoch. A link is not followed. Throws what the file system throws. */
export function modifiedMillisSync(file: string): number {
  return lstatSync(file).mtimeMs
}
