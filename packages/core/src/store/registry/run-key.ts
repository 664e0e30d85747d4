import type { InstanceRow } from '../../record/instance-row.js'

/** What tells one run of an instance from all others. */
export function runKey({ address, worker, startNanos }: InstanceRow): string {
  return `${address} ${worker} ${startNanos}`
}
