import { isError } from '../base/is-error.js'
/**
 * hoptrace refuses to open or delete this file: it is a link, a device, a pipe, a directory, too large, or
 * not ours. `code` is like that of a file system error: `ELOOP`, `ENOTREG`, `EFBIG`, `ENOTOURS`.
 */
export class FileRefused extends Error {
  constructor(
    readonly code: 'ELOOP' | 'ENOTREG' | 'EFBIG' | 'ENOTOURS',
    file: string,
    why: string,
  ) {
    super(`${file} ${why}`)
    this.name = 'FileRefused'
  }
}

/** The code of a file system error, or its text. */
export function errorCode(error: unknown): string {
  if (isError(error)) {
    const { code } = error as NodeJS.ErrnoException
    return typeof code === 'string' ? code : error.message
  }
  return String(error)
}

/** No file has that name, or a part of the path is not a directory. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
