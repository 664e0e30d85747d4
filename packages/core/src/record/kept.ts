import type { InstanceRow } from './instance-row.js'

type Keeps = Pick<InstanceRow, 'keepsSeconds'>

/** A store deletes what is older than this. Undefined if it keeps everything. */
export function keptFromNanos({ keepsSeconds }: Keeps): bigint | undefined {
  return keepsSeconds === undefined ? undefined : BigInt(Date.now() - keepsSeconds * 1000) * 1_000_000n
}

/** Is a hop with an id of this time older than the run's store keeps? */
export function isExpired(row: Keeps, idNanos: bigint): boolean {
  const from = keptFromNanos(row)
  return from !== undefined && idNanos < from
}
