import type { InstanceRow } from '../../record/instance-row.js'

const pattern = /^\d{1,3}(?:\.\d{1,3}){3}_\d{1,5}-\d{1,3}-(\d{1,20})\.json$/

/** The name of a run's file in `<dataDir>/registry/`. */
export function rowFile({ address, worker, startNanos }: InstanceRow): string {
  return `${address.replace(':', '_')}-${worker}-${startNanos}.json`
}

/** When the run of a file began, by the file's name; 0 when no row has such a name. */
export function rowFileStart(name: string): bigint {
  return BigInt(pattern.exec(name)?.[1] ?? 0)
}

/** Names of files in `<dataDir>/registry/` that hoptrace made: rows, and rows that were being written. */
export const ourRowFiles =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}_\d{1,5}-\d{1,3}-\d{1,20}\.json|\.[\w.-]{1,200}\.[0-9a-f]{16}\.tmp)$/
