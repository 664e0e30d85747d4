import { timing } from '../base/timing.js'
import { FileRefused, isMissing, readFileSync, writeReplacingSync } from '../files/index.js'
import { pauseAfter } from '../base/back-off.js'
import { HoptraceError } from '../base/errors.js'
import { textOf } from '../base/message.js'
import { objectOf, readCount, readText } from '../record/checks.js'
import { runFile } from './run-place.js'

/** Why a dead run is not shipped. Its directory says so to all that would try: they share the pauses. */
export interface FailedRun {
  readonly reason: string
  /** Failures so far. */
  readonly tries: number
  /** When it is tried again, in milliseconds since the epoch. */
  readonly againMillis: number
}

const name = 'ship.failed'
const maxBytes = 8192
const maxReasonChars = 1000
const read = objectOf<FailedRun>({
  reason: readText(maxReasonChars),
  tries: readCount,
  againMillis: readCount,
})

/** What the directory of a run says; undefined when no try has failed, or when that cannot be read. */
export function readFailedRun(runDir: string): FailedRun | undefined {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(runFile(runDir, name), { maxBytes }).toString('utf8'))
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError || error instanceof FileRefused) return undefined
    throw error
  }
  return read(value)
}

/** Is it to be left alone for now? No pause is longer than the longest, whatever a file says. */
export function isPutOff({ againMillis }: FailedRun, nowMillis: number): boolean {
  return nowMillis < againMillis && againMillis - nowMillis <= timing.maxFailedRunMillis
}

/** One more failure after `before`. */
export function failedAgain(before: FailedRun | undefined, error: unknown, nowMillis: number): FailedRun {
  const tries = (before?.tries ?? 0) + 1
  const longest = isOfRun(error) ? timing.maxFailedRunMillis : timing.maxFailedStoreMillis
  return {
    reason: textOf(error).slice(0, maxReasonChars),
    tries,
    againMillis:
      nowMillis + pauseAfter(tries, { firstMillis: timing.failedRunMillis, longestMillis: longest }),
  }
}

/** The caller owns the directory. Throws what the file system throws. */
export function writeFailedRun(runDir: string, failed: FailedRun): void {
  writeReplacingSync(runFile(runDir, name), JSON.stringify(failed), { sync: false })
}

function isOfRun(error: unknown): boolean {
  if (error instanceof HoptraceError)
    return ['HOPTRACE_BAD_LOG', 'HOPTRACE_BAD_SEGMENT', 'HOPTRACE_FORBIDDEN'].includes(error.code)
  return error instanceof FileRefused || error instanceof RangeError || error instanceof TypeError
}
