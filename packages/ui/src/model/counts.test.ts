import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Counts } from './counts.js'

const durations = fc.array(fc.integer({ min: 100, max: 1e12 }), { minLength: 1, maxLength: 300 })

it('gives each percentile to one part in a hundred, also of counts that were added up', () => {
  fc.assert(
    fc.property(durations, durations, fc.double({ min: 0, max: 1, noNaN: true }), (some, more, share) => {
      const [counts, others] = [new Counts(), new Counts()]
      for (const micros of some) counts.add(micros, false)
      for (const micros of more) others.add(micros, true)
      counts.addAll(others)
      const sorted = [...some, ...more].sort((a, b) => a - b)
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] as number
      const found = counts.percentile(share) as number
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.01 + 1)
      expect([counts.count, counts.errors]).toEqual([sorted.length, more.length])
    }),
  )
})

it('has no percentile if no duration is known', () => {
  const counts = new Counts()
  counts.add(null, true)
  expect([counts.count, counts.errors, counts.percentile(0.5)]).toEqual([1, 1, null])
})

it('takes what no clock can have measured', () => {
  const counts = new Counts()
  for (const micros of [-5, 0, 1e300]) counts.add(micros, false)
  expect([counts.percentile(0), counts.percentile(1)]).toEqual([1, expect.closeTo(1e13, -12)])
})
