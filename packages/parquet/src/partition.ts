import { hopIdNanos, type HopId } from '@hoptrace/core'

/**
 * The directory of a hop: `service=orders/hour=2026-11-29T10`. The hour is that of the id's time, in UTC, by
 * which records are ordered everywhere; so a hop is always in the same partition.
 */
export function partitionOf(service: string, hopId: HopId): string {
  const hour = new Date(Number(hopIdNanos(hopId) / 1_000_000n)).toISOString().slice(0, 13)
  return `service=${escapedName(service)}/hour=${hour}`
}

/** Hive, Spark and DuckDB read this directory as null. */
const nullPartition = '__HIVE_DEFAULT_PARTITION__'
/** What Hive and Spark escape, and blanks and dots at the ends, which file systems treat in their own ways. */
const unsafe = /[\u0000-\u001f\u007f"#%'*/:=?\\{}[\]^<>|$&~]|^[. ]|[. ]$/g
/** File systems take names of 255 bytes. */
const maxBytes = 255 - 'service='.length

/**
 * A service's name as a part of a directory's name: names in registries are hostile. Characters that mean
 * something in paths become `%2F`, as Hive, Spark and DuckDB read them back. Others stay, as Spark reads an
 * escape as a character and not as a byte of UTF-8.
 * @throws TypeError for a name that no file system takes.
 */
function escapedName(service: string): string {
  const escaped = service === nullPartition ? `%5F${service.slice(1)}` : service.replace(unsafe, escapedChar)
  if (escaped === '' || /\p{Surrogate}/u.test(escaped) || Buffer.byteLength(escaped) > maxBytes)
    throw new TypeError(`${JSON.stringify(service.slice(0, 80))} cannot be the name of a directory`)
  return escaped
}

const escapedChar = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
