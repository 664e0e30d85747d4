import { objectOf, readWhole } from '../wire/checks.js'
import type { RangeReads } from '../walk/reads.js'

/** The last line of an answer to `range`: without it the answer broke off. */
export const rangeEnd = '{"end":true}'

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
