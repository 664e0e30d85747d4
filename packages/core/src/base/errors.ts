/** The stable codes of every error that hoptrace throws. `docs/errors.md` has one heading per code. */
export type HoptraceErrorCode =
  | 'HOPTRACE_BAD_ID'
  | 'HOPTRACE_BAD_KEY'
  | 'HOPTRACE_BAD_SEGMENT'
  | 'HOPTRACE_BAD_LOG'
  | 'HOPTRACE_BAD_ANSWER'
  | 'HOPTRACE_STORE_LOCKED'
  | 'HOPTRACE_STORE_UNAVAILABLE'
  | 'HOPTRACE_STORE_CLOSED'
  | 'HOPTRACE_INSTANCE_UNAVAILABLE'
  | 'HOPTRACE_FORBIDDEN'
  | 'HOPTRACE_DEADLINE'
  | 'HOPTRACE_CLOSED'

/**
 * The only error class of the query path. `code` is stable and documented; `message` says what to do.
 * A mistake of use (a bad option) is a `TypeError` at construction instead.
 */
export class HoptraceError extends Error {
  readonly code: HoptraceErrorCode

  constructor(code: HoptraceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'HoptraceError'
    this.code = code
  }
}

/** A store, or a run's directory, that another process owns. */
export function isStoreLocked(error: unknown): error is HoptraceError {
  return error instanceof HoptraceError && error.code === 'HOPTRACE_STORE_LOCKED'
}
