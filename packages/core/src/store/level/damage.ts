import { HoptraceError } from '../../base/errors.js'

/** The error of a store with missing, truncated, swapped, old or changed files: its content is unknown. */
export function damagedStore(what: string, cause?: unknown): HoptraceError {
  return new HoptraceError(
    'HOPTRACE_STORE_UNAVAILABLE',
    `damaged store: ${what}`,
    cause === undefined ? {} : { cause },
  )
}

/** Files that do not fit together now, and may in a moment: their writer is at work on them. */
export class Unsettled extends Error {
  constructor(readonly what: string) {
    super(what)
    this.name = 'Unsettled'
  }
}
