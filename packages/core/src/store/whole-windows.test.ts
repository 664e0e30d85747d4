import fc from 'fast-check'
import { expect, it } from 'vitest'
import { recordArbitrary, someInstance, someSpace } from '../record/record.arbitrary.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { expireRows } from './expire.js'
import { idNanos, windowStart } from './keys.js'
import { memoryStore } from './memory.js'
import { segmentRows } from './segment-rows.js'
import { wholeWindows } from './whole-windows.js'

const [base] = fc.sample(recordArbitrary(), { numRuns: 1, seed: 5 }) as [HopRecord]
const widths = [100, 1000, 2500, 10_000, 60_000]
const spanMillis = 300_000
const layout = fc.record({
  windowMillis: fc.constantFrom(...widths),
  buckets: fc.integer({ min: 1, max: 4 }),
})

function idAt(millis: number): HopId {
  const nanos = someSpace.fromNanos + BigInt(millis) * 1_000_000n
  return (nanos.toString(16).padStart(16, '0') + '0030' + '0a000007' + '0fa1') as HopId
}

const shown = (key: Uint8Array): string => Buffer.from(key).toString('hex')

it('of windows of any widths, those go that are wholly older, and no record that is younger', async () => {
  const times = fc.uniqueArray(fc.nat(spanMillis), { minLength: 1, maxLength: 30 })
  const runs = fc.array(fc.record({ layout, times }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(layout, runs, fc.nat(spanMillis), async (own, written, beforeMillis) => {
      const store = memoryStore()
      const put: { readonly key: string; readonly nanos: bigint }[] = []
      for (const [index, { layout: of, times: at }] of written.entries()) {
        const instance = { ...someInstance, address: `10.0.0.${index + 1}:4001` }
        const windowNanos = BigInt(of.windowMillis) * 1_000_000n
        for (const millis of at.toSorted((a, b) => a - b)) {
          const hopId = idAt(millis)
          const windowStartNanos = windowStart(idNanos(hopId), windowNanos)
          const { rows } = segmentRows({
            meta: { service: 'orders', instance },
            buckets: of.buckets,
            windowNanos,
            windowStartNanos,
            lane: 'first',
            records: [{ ...base, hopId, instance }],
          })
          await store.put(rows)
          for (const { key } of rows) put.push({ key: shown(key), nanos: idNanos(hopId) })
        }
      }
      const layouts = written.map(({ layout: of }) => of)
      const beforeNanos = someSpace.fromNanos + BigInt(beforeMillis) * 1_000_000n
      await expireRows(store, wholeWindows(layouts, own, beforeNanos))

      const rows = await store.scan({ from: Buffer.of(0), to: Buffer.of(255), limit: 1000 })
      const left = new Set(rows.map(({ key }) => shown(key)))
      expect(put.filter(({ key, nanos }) => nanos >= beforeNanos && !left.has(key))).toEqual([])
      const widest = BigInt(Math.max(own.windowMillis, ...layouts.map((of) => of.windowMillis))) * 1_000_000n
      const isOld = (nanos: bigint): boolean => nanos < beforeNanos - 3n * widest
      expect(put.filter(({ key, nanos }) => isOld(nanos) && left.has(key))).toEqual([])
    }),
    { numRuns: 60 },
  )
})
