import type { EndedRuns, InstanceRow } from '../../record/instance-row.js'

/** Has the last record of a run expired? By what its own service keeps now, or else by what its row says. */
export function hasExpired(row: InstanceRow, { service, beforeMillis }: EndedRuns): boolean {
  if (row.service === service) return row.heartbeatMillis < beforeMillis
  return row.keepsSeconds !== undefined && row.heartbeatMillis < Date.now() - row.keepsSeconds * 1000
}
