import { runName, type InstanceRow } from '../record/instance-row.js'

/**
 * Whether a run has begun, ended, or been shipped elsewhere between two readings of the registry. A record
 * that was looked up with the first reading may have moved: out of a deleted log, into a store that was not
 * known yet.
 */
export function haveMoved(before: readonly InstanceRow[], after: readonly InstanceRow[]): boolean {
  const places = new Map(before.map((row) => [runName(row), placeOf(row)]))
  return after.some((row) => places.get(runName(row)) !== placeOf(row))
}

function placeOf({ state, stores, logDir }: InstanceRow): string {
  return [state, logDir, ...stores].join(' ')
}
