import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteCounts, maxByteEntries } from './byte-counts.js'

it('counts of bytes by time stay few and ascending, and lose no byte', () => {
  const added = fc.array(fc.tuple(fc.nat({ max: 10_000 }), fc.nat({ max: 100_000 })), { maxLength: 500 })
  fc.assert(
    fc.property(added, (adds) => {
      const counts = new ByteCounts()
      for (const [from, bytes] of adds) counts.add(from, bytes)
      const entries = counts.entries ?? []
      const total = adds.reduce((sum, [, bytes]) => sum + bytes, 0)
      expect(entries.length).toBeLessThanOrEqual(maxByteEntries)
      expect(counts.total).toBe(total)
      expect(entries.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(total)
      const times = entries.map(([from]) => from)
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
    }),
  )
})

it('joins the entries with the fewest bytes, so that none has most of them', () => {
  const counts = new ByteCounts()
  for (let window = 0; window < 10_000; window++) counts.add(window, 100)
  for (const [, bytes] of counts.entries ?? []) expect(bytes).toBeLessThan(1_000_000 / 8)
})
