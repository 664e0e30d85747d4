import type { InstanceRows } from '../record/instance-row.js'

/**
 * Has a run begun, ended, or been shipped elsewhere between two readings of the registry? What was looked for by the first
 * may have been on its way meanwhile: gone from a log that was deleted, into a store that was not known.
 */
export function haveMoved(before: InstanceRows, after: InstanceRows): boolean {
  const places = new Map(before.map((row) => [keyOf(row), placeOf(row)]))
  return after.some((row) => places.get(keyOf(row)) !== placeOf(row))
}

function keyOf({ address, worker, startNanos }: InstanceRows[number]): string {
  return `${address} ${worker} ${startNanos}`
}

function placeOf({ state, stores, logDir }: InstanceRows[number]): string {
  return [state, logDir, ...stores].join(' ')
}
