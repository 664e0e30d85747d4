import { HoptraceError } from './errors.js'

/** Why a read failed, in one bounded line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const line = text.replace(/\s+/g, ' ').slice(0, 300)
  return error instanceof HoptraceError ? `${line} (${error.code})` : line
}
