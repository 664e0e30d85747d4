import { HoptraceError } from '../base/errors.js'

/** The error of everything that a segment must not contain. */
export function badSegment(what: string, cause?: unknown): HoptraceError {
  return new HoptraceError(
    'HOPTRACE_BAD_SEGMENT',
    `damaged segment: ${what}`,
    cause === undefined ? {} : { cause },
  )
}
