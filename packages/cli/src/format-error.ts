import { HoptraceError, type HoptraceErrorCode } from '@hoptrace/core'
import { safeText } from './format-text.js'
import type { ErrorJson } from './output.js'
import { plain, type Paint } from './paint.js'
import { UsageError } from './usage-error.js'

/** An error for a person: what failed, its code, and what to do. `HOPTRACE_DEBUG` adds the stack. */
export function formatError(error: unknown, paint: Paint = plain): string[] {
  const message = safeText(error instanceof Error ? error.message : String(error), 1000)
  const code = error instanceof HoptraceError ? ` [${error.code}]` : ''
  const hint = hintOf(error)
  const lines = [`${paint.bad('hoptrace:')} ${message}${paint.faint(code)}`]
  return hint === undefined ? lines : [...lines, `          ${hint}`]
}

/** The same for programs. */
export function errorJson(error: unknown): ErrorJson {
  const hint = hintOf(error)
  return {
    code: codeOf(error),
    message: error instanceof Error ? error.message : String(error),
    ...(hint === undefined ? {} : { hint }),
  }
}

function codeOf(error: unknown): string {
  if (error instanceof HoptraceError) return error.code
  return isMisuse(error) ? 'HOPTRACE_USAGE' : 'HOPTRACE_INTERNAL'
}

/** Codes of a wrong question, as opposed to a failed answer. */
export function isMisuse(error: unknown): boolean {
  if (error instanceof UsageError || error instanceof TypeError) return true
  return error instanceof HoptraceError && error.code === 'HOPTRACE_BAD_ID'
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof UsageError) return error.hint
  // Whether a store is up, or a key is right, is not what keeps this user out.
  if (isDenied(error))
    return 'this user may not read it: run it as the user of the services, or in a group that may'
  if (error instanceof HoptraceError) return HINTS[error.code]
  return isMisuse(error) ? undefined : 'set HOPTRACE_DEBUG=1 to see the stack'
}

/** Did the file system refuse, here or in what lies behind? */
function isDenied(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth++) {
    if (/^(?:EACCES|EPERM)$/.test(String((at as NodeJS.ErrnoException).code))) return true
    if (/\b(?:EACCES|EPERM)\b/.test(at.message)) return true
  }
  return false
}

const HINTS: Readonly<Partial<Record<HoptraceErrorCode, string>>> = {
  HOPTRACE_STORE_LOCKED:
    'a living service has the store open: try --recursive, which asks the service itself',
  HOPTRACE_BAD_KEY: 'set HOPTRACE_KEY to the key of the services, or repair the key of the data directory',
  HOPTRACE_STORE_UNAVAILABLE: 'is the store up, and is --store right?',
  HOPTRACE_INSTANCE_UNAVAILABLE: 'the service does not answer: try --iterative, which reads its store',
  HOPTRACE_FORBIDDEN: 'the services have a cluster key: set HOPTRACE_KEY to the same one',
  HOPTRACE_DEADLINE: 'the deadline passed: set a longer --timeout',
}
