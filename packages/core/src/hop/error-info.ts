import { limits, truncate } from './limits.js'
import type { ErrorInfo } from './record.js'

/** Describes anything that can be thrown, without throwing: getters of a hostile error may throw themselves. */
export function errorInfo(error: unknown): ErrorInfo {
  try {
    if (error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)) {
      const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown }
      return {
        name: truncate(typeof name === 'string' ? name : 'Error', 128),
        message: truncate(String(message), limits.errorMessageChars),
        code: typeof code === 'string' || typeof code === 'number' ? truncate(String(code), 64) : null,
      }
    }
    return { name: typeof error, message: truncate(String(error), limits.errorMessageChars), code: null }
  } catch {
    return { name: 'Error', message: 'an error that cannot be described', code: null }
  }
}
