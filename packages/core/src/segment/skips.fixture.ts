import { expect } from 'vitest'

/** A reader of a column. */
interface Skipping<T> {
  next(): T
  skip(count: number): void
}

/** Expects the values of a column from its reader, passing over the numbers of values in `skips` in between. */
export function expectWithSkips<T>(
  reader: Skipping<T>,
  values: readonly T[],
  skips: readonly number[],
): void {
  let at = 0
  for (const skipped of skips) {
    if (at + skipped >= values.length) break
    reader.skip(skipped)
    expect(reader.next()).toBe(values[at + skipped])
    at += skipped + 1
  }
}
