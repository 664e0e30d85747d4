import fc from 'fast-check'
import { formatHopId } from './hop-id.js'
import type { HopId, HopIdFields } from './types.js'

/** Any dotted IPv4. */
export const anyIp: fc.Arbitrary<string> = fc.ipV4()

/** Any fields that an id can hold. */
export const anyFields: fc.Arbitrary<HopIdFields> = fc.record({
  nanos: fc.bigInt(0n, (1n << 64n) - 1n),
  assigned: fc.boolean(),
  issuer: fc.integer({ min: 0, max: 2047 }),
  counter: fc.integer({ min: 0, max: 15 }),
  ip: anyIp,
  port: fc.integer({ min: 0, max: 65_535 }),
})

/** Any id. */
export const anyHopId: fc.Arbitrary<HopId> = anyFields.map(formatHopId)
