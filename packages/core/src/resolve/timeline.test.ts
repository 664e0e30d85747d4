import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallRecord, EventRecord } from '../record/record.js'
import { progressOf } from './progress.js'
import { baseNanos, testCall, testHop, testId, testRecord } from './test-trace.fixture.js'
import type { EvidenceTree, HopEvidence } from './verdict/evidence.js'

/**
 * One hop of an invented flow: the times between its calls, in microseconds, and the error of its host's
 * clock.
 */
interface Shape {
  readonly skewMicros: number
  readonly gaps: readonly number[]
  readonly events: readonly number[]
  readonly calls: readonly Shape[]
}

const gap = fc.integer({ min: 0, max: 3 })

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record<Shape>({
    skewMicros: fc.oneof(fc.constant(0), fc.integer({ min: -120_000_000, max: 120_000_000 })),
    gaps: fc.array(gap, { minLength: 8, maxLength: 8 }),
    events: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
    calls: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      fc.constant([]),
      fc.array(tie('shape'), { maxLength: 3 }),
    ),
  }),
}))

/**
 * The evidence of a flow as it really was, with clocks that are wrong; what happened before what, by names of
 * events.
 */
function build(root: Shape): { tree: EvidenceTree; before: [string, string][] } {
  const hops: HopEvidence[] = []
  const before: [string, string][] = []
  const add = (
    shape: Shape,
    trueMicros: number,
    parent: number | null,
    call: number | null,
  ): { node: number; duration: number; names: string[] } => {
    const node = hops.length
    hops.push(testHop(testRecord('s', 1)))
    const events: EventRecord[] = []
    const next: CallRecord[] = []
    const callees: HopEvidence['callees'][number][] = []
    const names: string[] = []
    let now = 0
    // Everything that is named so far was before what comes next: a hop does one thing after the other.
    const happens = (name: string): void => {
      for (const earlier of names) before.push([earlier, name])
    }
    const tell = (times: number): void => {
      for (let index = 0; index < times; index++) {
        const name = `${node}-${events.length}`
        happens(name)
        names.push(name)
        events.push({ name, offsetMicros: now, attributes: {} })
      }
    }
    for (const [index, callee] of shape.calls.entries()) {
      now += shape.gaps[index] ?? 0
      tell(shape.events[index] ?? 0)
      const offsetMicros = now
      const below = add(callee, trueMicros + now, node, index)
      // A microsecond there and one back, because equal times have no order.
      now += below.duration + 1
      for (const name of below.names) happens(name)
      names.push(...below.names)
      next.push(testCall(1, { hopId: testId(1), offsetMicros, durationMicros: now - offsetMicros }))
      callees.push({ kind: 'hop', node: below.node })
    }
    now += shape.gaps[7] ?? 0
    tell(shape.events[3] ?? 0)
    const record = testRecord('s', 1, {
      hopId: testId(1),
      startNanos: baseNanos + BigInt(trueMicros + shape.skewMicros) * 1000n,
      durationMicros: now,
      events,
      next,
    })
    hops[node] = testHop(record, { parent, call, callees })
    return { node, duration: now, names }
  }
  add(root, 0, null, null)
  return { tree: { hops, notes: [], partial: false }, before }
}

describe('a timeline', () => {
  it('has no effect before its cause, however wrong the clocks of the hosts are', () => {
    fc.assert(
      fc.property(shape, (root) => {
        const { tree, before } = build(root)
        const judgement = {
          verdict: 'completed' as const,
          endedAt: null,
          lastHealthy: null,
          evidence: [],
          faults: [],
          decisive: [],
        }
        const reads = { instances: 0, scans: 0, bytes: 0 }
        const { events } = progressOf({ traceId: '', tree, judgement, reads, missing: [] })
        const place = new Map(events.map(({ name }, index) => [name, index]))
        expect(place.size).toBe(tree.hops.reduce((sum, { record }) => sum + record.events.length, 0))
        for (const [cause, effect] of before)
          expect(place.get(cause)).toBeLessThan(place.get(effect) as number)
        const times = events.map(({ time }) => time)
        expect([...times].sort()).toEqual(times)
      }),
      { numRuns: 300 },
    )
  })
})
