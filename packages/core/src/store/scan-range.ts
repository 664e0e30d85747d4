import type { ScanRange } from './contract.js'

/** Throws `TypeError` for a limit that is no positive whole number. */
export function checkRange(range: ScanRange): void {
  if (!Number.isInteger(range.limit) || range.limit < 1) {
    throw new TypeError(`limit must be a positive whole number (got ${range.limit})`)
  }
}
