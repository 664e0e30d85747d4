/** Stable codes of `HBaseError`; the README has a heading for each. */
export const hbaseErrorCodes = [
  'ABORTED',
  'ACCESS_DENIED',
  'CLOSED',
  'FAMILY_NOT_FOUND',
  'PROTOCOL',
  'REMOTE',
  'TABLE_DISABLED',
  'TABLE_EXISTS',
  'TABLE_NOT_DISABLED',
  'TABLE_NOT_FOUND',
  'TIMEOUT',
  'TOO_LARGE',
  'UNREACHABLE',
] as const

/** One of {@link hbaseErrorCodes}. */
export type HBaseErrorCode = (typeof hbaseErrorCodes)[number]

/**
 * What would help: `none`, the same call fails again; `later`, the server is busy or starting; `elsewhere`, the server
 * that was asked is gone or no longer serves the region. The client acts on it until the deadline; what reaches the
 * caller says whether a later call may succeed.
 */
export type Recovery = 'none' | 'later' | 'elsewhere'

/** One operation of a batch that failed: its index in the batch, and why. */
export interface BatchFailure {
  readonly index: number
  readonly error: HBaseError
}

/** Details of an `HBaseError`. */
export interface HBaseErrorDetails {
  readonly recovery?: Recovery
  readonly cause?: unknown
  /** Java class name of the exception that a server sent. */
  readonly exceptionClass?: string | undefined
  readonly failures?: readonly BatchFailure[]
}

/** The one error class of this client. `code` is stable, the message is for people. */
export class HBaseError extends Error {
  override readonly name = 'HBaseError'
  readonly code: HBaseErrorCode
  /** What would help, see {@link Recovery}. */
  readonly recovery: Recovery
  /** Java class name, when the error came from a server. */
  readonly exceptionClass: string | undefined
  /** For a batch: which operations failed. All others were acknowledged. */
  readonly failures: readonly BatchFailure[]

  constructor(code: HBaseErrorCode, message: string, details: HBaseErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.recovery = details.recovery ?? 'none'
    this.exceptionClass = details.exceptionClass
    this.failures = details.failures ?? []
  }
}

/** An error that says that the peer broke the protocol. */
export function protocolError(message: string, cause?: unknown): HBaseError {
  return new HBaseError('PROTOCOL', message, { cause })
}
