import { chmodSync, closeSync, constants, openSync, statSync } from 'node:fs'
import path from 'node:path'

/** A socket's path has a place of 108 bytes in the kernel, of 104 on other systems; one of them ends it. */
const maxBytes = 100

/** A path that reaches a socket in a directory. */
export interface SocketPath {
  readonly path: string
  /** Releases the descriptor that keeps the path valid. Safe to call twice. */
  readonly release: () => void
}

/**
 * The path of a socket in a directory, however deep the directory is: on Linux through a descriptor of the
 * directory. Throws file system errors, and `RangeError` if a long path has no short form.
 */
export function heldSocketPath(dir: string, name: string): SocketPath {
  const plain = path.join(dir, name)
  if (Buffer.byteLength(plain) <= maxBytes) return { path: plain, release: () => undefined }
  if (process.platform !== 'linux') throw new RangeError(`${plain} is too long for a socket`)
  let fd: number | undefined = openSync(
    dir,
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  )
  return {
    path: `/proc/self/fd/${fd}/${name}`,
    release: () => {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

/** A process that may read a directory may connect to a socket in it; connecting needs the right to write. */
export function giveDirMode(dir: string, socket: string): void {
  const { mode } = statSync(dir)
  chmodSync(socket, 0o600 | ((mode & 0o040) === 0 ? 0 : 0o060) | ((mode & 0o004) === 0 ? 0 : 0o006))
}
