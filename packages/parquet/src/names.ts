const pattern = /^([0-9a-f]{32})_([0-9a-f]{32})\.parquet$/

/**
 * The name of a file with the hops from the first id to the last. No hop is in two files of a partition, so two
 * files never have the same name.
 */
export const fileName = (first: string, last: string): string => `${first}_${last}.parquet`

/** The ids between which a file's hops are. Undefined for a file that is not ours. */
export function fileBounds(name: string): { readonly first: string; readonly last: string } | undefined {
  const [, first, last] = pattern.exec(name) ?? []
  return first === undefined || last === undefined ? undefined : { first, last }
}
