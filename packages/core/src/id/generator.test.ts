import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdGenerator } from './generator.js'
import { hopIdAddress, hopIdNanos, parseHopId } from './hop-id.js'
import type { HopId } from './types.js'

const START_MILLIS = 1_795_000_000_000
const MILLI = 1_000_000n

/** Two clocks that a test moves: time passes on both, a step is on the wall clock alone. */
function fakeClock(startMillis = START_MILLIS) {
  let mono = 12_345_678_901n
  let wall = BigInt(startMillis) * MILLI
  return {
    hrtime: (): [number, number] => [Number(mono / 1_000_000_000n), Number(mono % 1_000_000_000n)],
    wallMillis: (): number => Number(wall / MILLI),
    wallNanos: (): bigint => wall,
    pass(nanos: bigint): void {
      mono += nanos
      wall += nanos
    },
    step(nanos: bigint): void {
      wall += nanos
    },
  }
}

const increasing = (ids: readonly HopId[]): boolean =>
  ids.every((id, i) => i === 0 || (ids[i - 1] as HopId) < id)

const anyPass = fc.bigInt(0n, 300_000_000n).map((nanos) => ({ kind: 'pass' as const, nanos }))
const anyStep = fc
  .bigInt(-10_000_000_000n, 10_000_000_000n)
  .map((nanos) => ({ kind: 'step' as const, nanos }))
const anyIssue = fc.constantFrom('next', 'assign', 'now').map((kind) => ({ kind, nanos: 0n }))

describe('a generator', () => {
  it('issues strictly increasing ids of each kind, whatever the clocks do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 6, arbitrary: anyIssue }, anyPass, anyStep), { maxLength: 400 }),
        (moves) => {
          const clock = fakeClock()
          const generator = new IdGenerator({ address: '10.0.0.1:80', worker: 5, clock })
          const own: HopId[] = []
          const assigned: HopId[] = []
          let now = 0n
          for (const { kind, nanos } of moves) {
            if (kind === 'pass') clock.pass(nanos)
            else if (kind === 'step') clock.step(nanos)
            else if (kind === 'next') own.push(generator.next())
            else if (kind === 'assign') assigned.push(generator.assign({ ip: '10.0.0.2', port: 81 }))
            else {
              const before = now
              now = generator.nowNanos()
              expect(now).toBeGreaterThanOrEqual(before)
            }
            const newest = kind === 'next' ? own.at(-1) : kind === 'assign' ? assigned.at(-1) : undefined
            if (newest !== undefined) {
              expect(hopIdNanos(newest)).toBeGreaterThanOrEqual(now)
              expect(hopIdNanos(newest)).toBe(generator.lastNanos)
            }
          }
          expect(increasing(own)).toBe(true)
          expect(increasing(assigned)).toBe(true)
          expect(own.every((id) => !parseHopId(id).assigned && parseHopId(id).issuer === 5)).toBe(true)
          expect(assigned.every((id) => parseHopId(id).assigned)).toBe(true)
        },
      ),
    )
  })

  it('gives 16 ids to one nanosecond and the next ones to the following', () => {
    const generator = new IdGenerator({ address: '10.0.0.1:80', clock: fakeClock() })
    const ids = Array.from({ length: 40 }, () => parseHopId(generator.next()))
    const first = ids[0]?.nanos ?? 0n
    expect(ids.map(({ nanos }) => Number(nanos - first))).toEqual(ids.map((_, i) => Math.floor(i / 16)))
    expect(ids.map(({ counter }) => counter)).toEqual(ids.map((_, i) => i % 16))
  })

  it('keeps the clock to the nanosecond', () => {
    const clock = fakeClock()
    const generator = new IdGenerator({ address: '10.0.0.1:80', clock })
    const first = hopIdNanos(generator.next())
    clock.pass(7n)
    expect(hopIdNanos(generator.next()) - first).toBe(7n)
    clock.pass(4_294_967_296n * 3n)
    expect(hopIdNanos(generator.next()) - first).toBe(7n + 4_294_967_296n * 3n)
  })

  it('follows a clock that is set forward', () => {
    const clock = fakeClock()
    const generator = new IdGenerator({ address: '10.0.0.1:80', clock })
    generator.next()
    clock.step(3_600_000_000_000n)
    clock.pass(100_000_000n)
    const difference = clock.wallNanos() - hopIdNanos(generator.next())
    expect(difference >= 0n && difference < MILLI).toBe(true)
  })

  it('keeps its time if the clock is set back, and follows the clock again once it has caught up', () => {
    const clock = fakeClock()
    const generator = new IdGenerator({ address: '10.0.0.1:80', clock })
    const before = generator.next()
    clock.step(-2_000_000_000n)
    clock.pass(100_000_000n)
    const held = generator.next()
    expect(held > before).toBe(true)
    expect(hopIdNanos(held) - hopIdNanos(before)).toBeLessThanOrEqual(1n)
    clock.pass(2_000_000_000n)
    const after = hopIdNanos(generator.next())
    const difference = clock.wallNanos() - after
    expect(difference > -MILLI && difference < MILLI).toBe(true)
  })

  it('starts above what a former run may have issued', () => {
    const floorNanos = BigInt(START_MILLIS + 5000) * MILLI
    const generator = new IdGenerator({ address: '10.0.0.1:80', floorNanos, clock: fakeClock() })
    expect(generator.lastNanos).toBe(floorNanos)
    const ids = Array.from({ length: 50 }, () => generator.next())
    expect(ids.every((id) => hopIdNanos(id) > floorNanos)).toBe(true)
    expect(increasing(ids)).toBe(true)
    expect(generator.nowNanos()).toBeGreaterThan(floorNanos)
  })

  it('is within a millisecond of the wall clock of the process', () => {
    const low = BigInt(Date.now()) * MILLI
    const time = new IdGenerator().nowNanos()
    const high = BigInt(Date.now() + 1) * MILLI
    expect(time >= low && time <= high).toBe(true)
  })

  it('carries its address, and the callee address in ids for a callee', () => {
    const generator = new IdGenerator({ address: '10.0.0.1:80', worker: 2047 })
    expect(hopIdAddress(generator.next())).toBe('10.0.0.1:80')
    expect(hopIdAddress(generator.assign({ ip: '0.0.0.0', port: 443 }))).toBe('0.0.0.0:443')
    generator.setAddress('10.0.0.9:4001')
    expect(hopIdAddress(generator.next())).toBe('10.0.0.9:4001')
  })

  it('never shares an id for one callee with another issuer in the same nanosecond, but by a chance of 1 in 2048', () => {
    const target = { ip: '10.0.0.2', port: 81 }
    const tags = new Set<number>()
    for (let i = 0; i < 200; i++) {
      const generator = new IdGenerator({ address: `10.0.${i}.1:80`, clock: fakeClock() })
      tags.add(parseHopId(generator.assign(target)).issuer)
    }
    expect(tags.size).toBeGreaterThan(150)
  })

  it('has a dialable address only when it is given one', () => {
    const [a, b] = [new IdGenerator().next(), new IdGenerator().next()]
    expect(hopIdAddress(a)).toMatch(/^241\./)
    expect(hopIdAddress(a)).not.toBe(hopIdAddress(b))
  })

  it('refuses mistakes of use', () => {
    expect(() => new IdGenerator({ address: 'localhost:80' })).toThrow(TypeError)
    expect(() => new IdGenerator({ worker: 2048 })).toThrow(TypeError)
    expect(() => new IdGenerator({ floorNanos: -1n })).toThrow(TypeError)
    expect(() => new IdGenerator().assign({ ip: 'localhost', port: 80 })).toThrow(TypeError)
    expect(() => new IdGenerator().assign({ ip: '10.0.0.1', port: 70_000 })).toThrow(TypeError)
  })
})
