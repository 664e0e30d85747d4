/** Stable codes of `HBaseError`; the README explains each under a heading. */
export const hbaseErrorCodes = [
  'ABORTED',
  'ACCESS_DENIED',
  'CLOSED',
  'FAMILY_NOT_FOUND',
  'KERBEROS',
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
 * The remedy: `none`, the same call fails again; `later`, the server is busy or starting; `elsewhere`, the
 * server is gone or no longer serves the region. The client retries accordingly until the deadline. In an
 * error that reaches the caller, the value says whether a later call may succeed.
 */
export type Recovery = 'none' | 'later' | 'elsewhere'

/** A failed operation of a batch: its index in the batch, and the error. */
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

/** The only error class of this client. `code` is stable, the message is for people. */
export class HBaseError extends Error {
  override readonly name = 'HBaseError'
  readonly code: HBaseErrorCode
  /** The remedy, see {@link Recovery}. */
  readonly recovery: Recovery
  /** Java class name, if the error came from a server. */
  readonly exceptionClass: string | undefined
  /** For a batch: the failed operations. All others were acknowledged. */
  readonly failures: readonly BatchFailure[]

  constructor(code: HBaseErrorCode, message: string, details: HBaseErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.recovery = details.recovery ?? 'none'
    this.exceptionClass = details.exceptionClass
    this.failures = details.failures ?? []
  }
}

/** The error for a peer that broke the protocol. */
export function protocolError(message: string, cause?: unknown): HBaseError {
  return new HBaseError('PROTOCOL', message, { cause })
}
