import { objectOf, readWhole } from '../wire/checks.js'
import type { RangeReads } from '../walk/reads.js'

/** The last line of an answer to `range`: without it the answer broke off. */
export const rangeEnd = '{"end":true}'

const failedHead = '{"failed":'

/** The last line in its place when not everything could be read: why not. No record begins like it. */
export function failureLine(message: string): string {
  return JSON.stringify({ failed: message.slice(0, maxFailureChars) })
}

/** What such a line says; undefined for any other line. */
export function parseFailureLine(line: string): string | undefined {
  if (!line.startsWith(failedHead) || line.length > maxFailureChars * 6 + 20) return undefined
  try {
    const { failed } = JSON.parse(line) as { failed: unknown }
    return typeof failed === 'string' ? failed : undefined
  } catch {
    return undefined
  }
}

const maxFailureChars = 1000
const head = '{"reads":'

/** A line that says what the answer has cost so far. No record begins like it. */
export function readsLine(reads: RangeReads): string {
  return JSON.stringify({ reads })
}

const readReads = objectOf<RangeReads>({
  instances: readWhole,
  scans: readWhole,
  bytes: readWhole,
  segments: readWhole,
  pruned: readWhole,
})

/** What such a line says; undefined for any other line. */
export function parseReadsLine(line: string): RangeReads | undefined {
  if (!line.startsWith(head) || line.length > 500) return undefined
  try {
    return readReads((JSON.parse(line) as { reads: unknown }).reads)
  } catch {
    return undefined
  }
}
