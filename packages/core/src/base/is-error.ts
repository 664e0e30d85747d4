import { types } from 'node:util'

/**
 * Is it an error, of this realm or of another? Jest and `node:vm` run modules in a realm of their own, and what Node itself throws there is
 * no `instanceof Error`.
 */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}
