import { HoptraceError } from './errors.js'
import { isError } from './is-error.js'

/** What an error says, of whatever was thrown. */
export function textOf(error: unknown): string {
  return isError(error) ? error.message : String(error)
}

/** Why a read failed, in one bounded line. */
export function messageOf(error: unknown): string {
  const line = textOf(error).replace(/\s+/g, ' ').slice(0, 300)
  return error instanceof HoptraceError ? `${line} (${error.code})` : line
}
