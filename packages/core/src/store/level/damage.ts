import { HoptraceError } from '../../base/errors.js'

/** The error of a store whose files are missing, cut, swapped, old or changed: what it held cannot be told. */
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
