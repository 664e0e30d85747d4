import { isHopId } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { objectOf, readWhole } from '../../record/checks.js'
import type { RangeReads } from '../walk/reads.js'

/** The last line of an answer to `range`: without it the answer broke off. */
export const rangeEnd = '{"end":true}'

/** The last line of an answer that stopped at its cost limit: the asker continues after `after`. */
export function moreLine(after: HopId): string {
  return JSON.stringify({ end: false, after })
}

/** The id in such a line; undefined for any other line. */
export function parseMoreLine(line: string): HopId | undefined {
  const after = /^\{"end":false,"after":"([0-9a-f]{32})"\}$/.exec(line)?.[1]
  return after !== undefined && isHopId(after) ? after : undefined
}

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
