import { it } from 'vitest'

/** Defines a test only if the subject can do it. A skipped test would look like a forgotten one. */
export function itWhere(supported: boolean, name: string, test: () => Promise<void>): void {
  if (supported) it(name, test)
}
