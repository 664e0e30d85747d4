import type { InstanceRow } from './instance-row.js'

type Keeps = Pick<InstanceRow, 'keepsSeconds' | 'deletedBeforeNanos'>

/** A store has deleted what is older than this. Undefined if it keeps everything. */
export function keptFromNanos({ keepsSeconds, deletedBeforeNanos }: Keeps): bigint | undefined {
  if (keepsSeconds === undefined) return deletedBeforeNanos
  const from = BigInt(Date.now() - keepsSeconds * 1000) * 1_000_000n
  return deletedBeforeNanos !== undefined && deletedBeforeNanos > from ? deletedBeforeNanos : from
}

/** Is a hop with an id of this time older than the run's store keeps? */
export function isExpired(row: Keeps, idNanos: bigint): boolean {
  const from = keptFromNanos(row)
  return from !== undefined && idNanos < from
}

/**
 * Rows as readers need them. One run says in its own row what its service has deleted, also of other runs; here it is in the rows of all
 * runs of the service that have a store in common with that run.
 */
export function withDeletions(rows: readonly InstanceRow[]): readonly InstanceRow[] {
  const latest = new Map<string, bigint>()
  const name = ({ service }: InstanceRow, url: string): string => `${service} ${url}`
  for (const row of rows) {
    const { deletedBeforeNanos: before } = row
    if (before === undefined) continue
    for (const url of row.stores)
      if (before > (latest.get(name(row, url)) ?? 0n)) latest.set(name(row, url), before)
  }
  if (latest.size === 0) return rows
  return rows.map((row) => {
    const times = row.stores.map((url) => latest.get(name(row, url)) ?? 0n)
    const deletedBeforeNanos = times.reduce((last, one) => (one > last ? one : last), 0n)
    return deletedBeforeNanos === 0n ? row : { ...row, deletedBeforeNanos }
  })
}
