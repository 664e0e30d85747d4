import { it } from 'vitest'

/** A test for what the subject can do. Where it cannot there is no test: one that is skipped looks like one that was forgotten. */
export function itWhere(supported: boolean, name: string, test: () => Promise<void>): void {
  if (supported) it(name, test)
}
