import { isHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'

/** Takes what it expects out of hostile values; a reader returns undefined for anything else. */
export type Reader<T> = (value: unknown) => T | undefined

const maxMicros = Number.MAX_SAFE_INTEGER / 1000

export const readText =
  (max: number): Reader<string> =>
  (value) =>
    typeof value === 'string' ? (value.length <= max ? value : value.slice(0, max)) : undefined

export const readFlag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined)

/** Non-negative whole numbers; fractions are cut off. */
export const readWhole: Reader<number> = (value) =>
  typeof value === 'number' && value >= 0 && value <= maxMicros ? Math.floor(value) : undefined

export const isWhole = (value: unknown, min: number, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max

/** Exact whole numbers from 0 on. */
export const readCount: Reader<number> = (value) =>
  isWhole(value, 0, Number.MAX_SAFE_INTEGER) ? value : undefined

/** Nanoseconds since the epoch: a bigint, or decimal text. */
export const readNanos: Reader<bigint> = (value) => {
  if (typeof value === 'bigint') return value >= 0n && value < 1n << 64n ? value : undefined
  return typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined
}

export const readHopId: Reader<HopId> = (value) =>
  typeof value === 'string' && isHopId(value) ? value : undefined

/** Null stays null; what is not readable is undefined. */
export const orNull =
  <T>(read: Reader<T>): Reader<T | null> =>
  (value) =>
    value === null ? null : read(value)

export const oneOf =
  <T extends string>(...values: readonly T[]): Reader<T> =>
  (value) =>
    values.find((known) => known === value)

/** At most `max` items, all of them readable. */
export const listOf =
  <T>(read: Reader<T>, max: number): Reader<T[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length > max) return undefined
    const items: T[] = []
    for (const item of value as unknown[]) {
      const good = read(item)
      if (good === undefined) return undefined
      items.push(good)
    }
    return items
  }

/** At most `max` readable members of a plain object, or of a list of names and values; the rest is left out. */
export const mapOf =
  <T>(read: Reader<T>, max: number, maxName = 256): Reader<Record<string, T>> =>
  (value) => {
    if (typeof value !== 'object' || value === null) return undefined
    const members: unknown[] = Array.isArray(value) ? value : Object.entries(value)
    const kept: [string, T][] = []
    for (const member of members) {
      if (!Array.isArray(member) || kept.length === max) break
      const [name, item] = member as unknown[]
      const good = typeof name === 'string' && name.length <= maxName ? read(item) : undefined
      if (good !== undefined) kept.push([name as string, good])
    }
    return Object.fromEntries(kept)
  }

/** Every member readable, or undefined. */
export function objectOf<T>(readers: { readonly [K in keyof T]-?: Reader<T[K]> }): Reader<T> {
  const names = Object.keys(readers) as (keyof T & string)[]
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined
    const out: Partial<T> = {}
    for (const name of names) {
      const good = readers[name]((value as Record<string, unknown>)[name])
      if (good === undefined) return undefined
      out[name] = good
    }
    return out as T
  }
}
