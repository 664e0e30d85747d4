/** An error, not cut yet. */
export interface DescribedError {
  readonly name: string
  /** Empty for an error that a bad request caused. */
  readonly message: string
  readonly code: string | null
}

/** Names of classes: anything else may be a text for people. */
const NAME = /^[\w$.]{1,128}$/

/**
 * Describes anything that can be thrown, without throwing: getters of a hostile error may throw themselves. The message of an error
 * with a 4xx status is left out: frameworks put there what the client sent, a body that is no JSON or a path that cannot be decoded.
 */
export function describeError(error: unknown): DescribedError {
  try {
    if (error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)) {
      const { name, message, code, status, statusCode } = error as Readonly<Record<string, unknown>>
      return {
        name: typeof name === 'string' && NAME.test(name) ? name : 'Error',
        message: isOfClient(status) || isOfClient(statusCode) ? '' : String(message),
        code: typeof code === 'string' || typeof code === 'number' ? String(code) : null,
      }
    }
    return { name: typeof error, message: String(error), code: null }
  } catch {
    return { name: 'Error', message: 'an error that cannot be described', code: null }
  }
}

const isOfClient = (status: unknown): boolean => typeof status === 'number' && status >= 400 && status < 500
