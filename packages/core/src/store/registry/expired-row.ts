import type { EndedRuns, InstanceRow } from '../../record/instance-row.js'

/** Has the last record of a run expired? By what its own service keeps now, or else by what its row says. */
export function hasExpired(row: InstanceRow, { service, beforeMillis, deleted }: EndedRuns): boolean {
  if (row.service === service) return row.heartbeatMillis < beforeMillis || isDeleted(row, deleted)
  return row.keepsSeconds !== undefined && row.heartbeatMillis < Date.now() - row.keepsSeconds * 1000
}

/** Has a limit of bytes deleted all that the run had? Each of its stores has to be that one. */
function isDeleted({ stores, heartbeatMillis }: InstanceRow, deleted: EndedRuns['deleted']): boolean {
  if (deleted === undefined || heartbeatMillis >= deleted.beforeMillis) return false
  return stores.length > 0 && stores.every((url) => url === deleted.url)
}
