import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Deadline } from '../deadline.js'
import { HBaseError } from '../errors.js'
import { InFlightLimit } from './in-flight-limit.js'

const patient = () => new Deadline(60_000)

describe('InFlightLimit', () => {
  it('never admits more than its limit, and admits callers in order', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 4 }), async (calls, maxCalls) => {
        const limit = new InFlightLimit(10, maxCalls)
        const admitted: number[] = []
        const inside = new Set<number>()
        const bytesInside = () => [...inside].reduce((sum, call) => sum + (calls[call] ?? 0), 0)
        await Promise.all(
          calls.map(async (bytes, call) => {
            const wait = limit.acquire(bytes, patient())
            if (wait) await wait
            admitted.push(call)
            inside.add(call)
            expect(inside.size).toBeLessThanOrEqual(maxCalls)
            expect(inside.size === 1 || bytesInside() <= 10).toBe(true)
            await Promise.resolve()
            inside.delete(call)
            limit.release(bytes)
          }),
        )
        expect(admitted).toEqual(calls.map((_, call) => call))
      }),
    )
  })

  it('rejects a waiting call on timeout, on abort, or if the connection breaks', async () => {
    const limit = new InFlightLimit(10, 1)
    expect(limit.acquire(1, patient())).toBeUndefined()
    const controller = new AbortController()
    const late = limit.acquire(1, new Deadline(20))
    const aborted = limit.acquire(1, new Deadline(60_000, controller.signal))
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' })
    const broken = limit.acquire(1, patient())
    limit.fail(new HBaseError('UNREACHABLE', 'gone'))
    await expect(broken).rejects.toMatchObject({ code: 'UNREACHABLE' })
    limit.release(1)
    expect(limit.acquire(10, patient())).toBeUndefined()
  })
})
