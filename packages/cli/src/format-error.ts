import { HoptraceError, type HoptraceErrorCode } from '@hoptrace/core'
import { safeText } from './format-text.js'
import { plain, type Paint } from './paint.js'
import { UsageError } from './usage-error.js'

/** An error for a person: what failed, its code, and what to do. `HOPTRACE_DEBUG` adds the stack. */
export function formatError(error: unknown, paint: Paint = plain): string[] {
  const message = safeText(error instanceof Error ? error.message : String(error), 1000)
  const code = error instanceof HoptraceError ? ` [${error.code}]` : ''
  const hint = error instanceof UsageError ? error.hint : hintOf(error)
  const lines = [`${paint.bad('hoptrace:')} ${message}${paint.faint(code)}`]
  return hint === undefined ? lines : [...lines, `          ${hint}`]
}

/** Codes of a wrong question, as opposed to a failed answer. */
export function isMisuse(error: unknown): boolean {
  if (error instanceof UsageError || error instanceof TypeError) return true
  return error instanceof HoptraceError && error.code === 'HOPTRACE_BAD_ID'
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof HoptraceError) return HINTS[error.code]
  return isMisuse(error) ? undefined : 'set HOPTRACE_DEBUG=1 to see the stack'
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
