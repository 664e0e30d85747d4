import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HopRecord } from '../../record/record.js'
import { baseNanos, testCall, testHop, testId, testRecord } from '../test-trace.fixture.js'
import type { Attempt, CalleeEvidence, HopEvidence, Liveness } from './evidence.js'
import { judge, type Judgement } from './overall.js'
import { ordered } from '../walk/attempts.js'

const target = 'kafka://orders.placed'
const sent = testCall(0, { target, method: null, outcome: 'SENT' })
const suspect = { service: target, instance: target, hopId: sent.hopId }
const waiting: CalleeEvidence = {
  kind: 'absent',
  proof: 'waiting',
  suspect,
  says: 'is not taken since 15:00',
}

/** How one attempt of a consumer ended. */
type End = 'ok' | 'failed' | 'died' | 'died, not shipped' | 'open' | 'open?'
const ends: readonly End[] = ['ok', 'failed', 'died', 'died, not shipped', 'open', 'open?']

interface Taken {
  readonly service: string
  readonly end: End
}

/** The verdict on a sender that answered 200, and these attempts of consumers in the order in which they began. */
function judged(taken: readonly Taken[], outcome: string | null = 'SENT', unread = false): Judgement {
  const call = { ...sent, outcome }
  const sender = testRecord('orders', 4001, { next: [call] })
  const consumers = taken.map(({ service, end }, index): HopEvidence => {
    const liveness: Liveness = end === 'open' ? 'alive' : end === 'open?' ? 'unsure' : 'ended'
    const state: HopRecord['state'] =
      end === 'died' ? 'interrupted' : end === 'ok' || end === 'failed' ? 'closed' : 'open'
    const record = testRecord(service, 4100 + index, {
      hopId: testId(4100 + index),
      traceId: sender.traceId,
      assignedId: call.hopId,
      startNanos: baseNanos + BigInt(index + 1) * 3_600_000_000_000n,
      state,
      method: null,
      route: 'orders.placed',
      status: null,
      durationMicros: state === 'closed' ? 10 : null,
      error: end === 'failed' ? { name: 'Error', message: 'no', code: null } : null,
    })
    return testHop(record, { liveness, parent: 0, call: 0 })
  })
  const { first, attempts } = ordered(consumers, call)
  const hops = [...(first === undefined ? [] : [first]), ...attempts]
  const others = unread ? hops : hops.slice(1)
  const callee: CalleeEvidence = unread
    ? { kind: 'unreadable', suspect, says: 'a log cannot be read' }
    : hops.length === 0
      ? waiting
      : { kind: 'hop', node: 1 }
  const tried = others.map((hop): Attempt => ({ call: 0, node: 1 + hops.indexOf(hop) }))
  const entry = testHop(sender, { callees: [callee], attempts: tried })
  return judge({ hops: [entry, ...hops], notes: [], partial: false })
}

const taken = fc.array(
  fc.record({ service: fc.constantFrom('notify', 'audit'), end: fc.constantFrom(...ends) }),
  { maxLength: 6 },
)

/** What is to be said of one consumer, by its attempts. */
function expectedOf(attempts: readonly End[]): 'completed' | 'running' | 'undetermined' | 'failed' | 'died' {
  if (attempts.includes('ok')) return attempts.includes('open') ? 'running' : 'completed'
  if (attempts.includes('open')) return 'running'
  if (attempts.includes('open?')) return 'undetermined'
  return attempts.at(-1) === 'failed' ? 'failed' : 'died'
}

describe('a message', () => {
  it('that no consumer has taken is running at its destination, and never died', () => {
    const { verdict, endedAt, lastHealthy, evidence } = judged([])
    expect({ verdict, at: endedAt?.service, after: lastHealthy?.service }).toEqual({
      verdict: 'running',
      at: target,
      after: 'orders',
    })
    expect(evidence).toContain('is not taken since 15:00')
  })

  it('comes to what its consumers come to: the gravest of them, each by the attempt that counts', () => {
    fc.assert(
      fc.property(taken, (all) => {
        const { verdict } = judged(all)
        const services = [...new Set(all.map(({ service }) => service))]
        const each = services.map((service) =>
          expectedOf(all.filter((one) => one.service === service).map(({ end }) => end)),
        )
        const expected =
          (['died', 'failed', 'undetermined', 'running'] as const).find((one) => each.includes(one)) ??
          (all.length === 0 ? 'running' : 'completed')
        expect(verdict).toBe(expected)
      }),
    )
  })

  it('lists each attempt that died or failed as a fault, handled where another one made up for it', () => {
    const { verdict, faults } = judged([
      { service: 'notify', end: 'died' },
      { service: 'notify', end: 'ok' },
    ])
    expect(verdict).toBe('completed')
    expect(faults).toMatchObject([{ verdict: 'died', service: 'notify', handled: true }])
  })

  it('is never said to have died or failed while a consumer that may have made up for it cannot be read', () => {
    fc.assert(
      fc.property(taken, (all) => {
        expect(judged(all, 'SENT', true).verdict).toBe('undetermined')
      }),
    )
  })

  it('that did not get to the broker failed there only if its sender failed', () => {
    expect(judged([], 'ECONNREFUSED')).toMatchObject({
      verdict: 'completed',
      faults: [{ verdict: 'unreachable', service: target, handled: true }],
    })
  })

  it('does not make its sender fail or hang', () => {
    const sender = testRecord('orders', 4001, { next: [sent], status: 500 })
    const consumer = testRecord('notify', 4100, { state: 'interrupted', traceId: sender.traceId })
    const entry = testHop(sender, { callees: [{ kind: 'hop', node: 1 }] })
    const tree = { hops: [entry, testHop(consumer, { parent: 0, call: 0 })], notes: [], partial: false }
    expect(judge(tree)).toMatchObject({ verdict: 'failed', endedAt: { service: 'orders' } })
  })
})
