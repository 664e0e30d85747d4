import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareBytes } from './compare-bytes.js'

it('orders as Buffer.compare does, also a part of the second', () => {
  const bytes = fc.array(fc.constantFrom(0, 1, 128, 255), { maxLength: 5 }).map((list) => Buffer.from(list))
  fc.assert(
    fc.property(bytes, bytes, bytes, bytes, (a, before, b, after) => {
      const order = Buffer.compare(a, b)
      expect(Math.sign(compareBytes(a, b))).toBe(order)
      const whole = Buffer.concat([before, b, after])
      expect(Math.sign(compareBytes(a, whole, before.length, before.length + b.length))).toBe(order)
    }),
    { numRuns: 1000 },
  )
})
