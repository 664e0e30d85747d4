import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHopId } from './hop-id.js'
import { TakenIds } from './taken-ids.js'
import type { HopId } from './types.js'

const base = 1_800_000_000_000_000_000n
const idAt = (nanos: bigint, counter = 0, port = 4002): HopId =>
  formatHopId({ nanos, assigned: true, issuer: 7, counter, ip: '10.0.0.1', port })

describe('ids that were taken', () => {
  it('are taken once, as a set of them says', () => {
    const id = fc
      .tuple(fc.nat(20), fc.nat(3), fc.nat(3), fc.nat(2))
      .map(([second, nanos, counter, port]) =>
        idAt(base + BigInt(second) * 1_000_000_000n + BigInt(nanos), counter, port),
      )
    fc.assert(
      fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
        const [taken, known] = [new TakenIds(), new Set<HopId>()]
        for (const one of ids) {
          expect(taken.add(one)).toBe(!known.has(one))
          known.add(one)
        }
      }),
    )
  })

  it('are not forgotten after any number of others, and are refused once they are forgotten', () => {
    const taken = new TakenIds()
    const first = idAt(base)
    expect(taken.add(first)).toBe(true)
    let others = 0
    for (let i = 1; i <= 200_000; i++) if (taken.add(idAt(base + BigInt(i) * 300_000n))) others++
    expect(others).toBe(200_000)
    expect(taken.add(first)).toBe(false)
    expect(taken.add(idAt(base + 200_000_000_000n))).toBe(true)
    expect(taken.add(first)).toBe(false)
    expect(taken.add(idAt(base + 1n))).toBe(false)
  })

  it('are bounded: beyond 32,768 in one second the next are not taken', () => {
    const taken = new TakenIds()
    let count = 0
    for (let i = 0; i < 40_000; i++) if (taken.add(idAt(base + BigInt(i)))) count++
    expect(count).toBe(32_768)
    expect(taken.add(idAt(base + 1_000_000_000n))).toBe(true)
  })
})
