import { describe, expect, it } from 'vitest'
import { testCall, testHop, testId, testRecord } from '../test-trace.fixture.js'
import type { HopRecord } from '../../record/record.js'
import { judge, type Judgement, type Verdict } from './overall.js'
import type { CalleeEvidence, HopEvidence, Liveness } from './evidence.js'

type Left =
  | 'closed'
  | 'closed 500'
  | 'interrupted'
  | 'open alive'
  | 'open ended'
  | 'open unsure'
  | Exclude<CalleeEvidence['kind'], 'hop' | 'absent'>
  | 'not-taken'
  | 'ended-during'
  | 'ended'
  | 'gone'

const outcomes = [
  '200',
  '404',
  '500',
  '502',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_CANCELED',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ERROR',
  null,
]
const lefts: Left[] = [
  'closed',
  'closed 500',
  'interrupted',
  'open alive',
  'open ended',
  'open unsure',
  'not-taken',
  'ended-during',
  'ended',
  'gone',
  'unsure',
  'dropped',
  'unreadable',
  'skipped',
  'unregistered',
  'other-key',
  'untimely',
  'untraced',
]
const callers = ['closed 200', 'closed 502', 'interrupted', 'open alive'] as const

/** One caller, one call, and what the callee left. */
function judgeOne(outcome: string | null, left: Left, caller: (typeof callers)[number]): Judgement {
  const call = testCall(4002, { outcome, durationMicros: outcome === null ? null : 1000 })
  const entry = testRecord('gateway', 4001, {
    next: [call],
    status: caller === 'closed 200' ? 200 : caller === 'closed 502' ? 502 : null,
    state: caller === 'interrupted' ? 'interrupted' : caller === 'open alive' ? 'open' : 'closed',
  })
  const suspect = { service: 'orders', instance: '127.0.0.1:4002', hopId: call.hopId }
  const says = 'orders says so'
  const hops: HopEvidence[] = []
  const callees: CalleeEvidence[] = []
  hops.push(testHop(entry, { callees, liveness: caller === 'interrupted' ? 'ended' : 'alive' }))
  const record = (more: Partial<HopRecord>, liveness: Liveness): void => {
    callees.push({ kind: 'hop', node: 1 })
    const orders = testRecord('orders', 4002, { hopId: call.hopId, traceId: entry.hopId, ...more })
    hops.push(testHop(orders, { liveness, parent: 0, call: 0 }))
  }
  const open = { state: 'open', status: null, durationMicros: null } as const
  if (left === 'closed') record({}, 'alive')
  else if (left === 'closed 500') record({ status: 500 }, 'alive')
  else if (left === 'interrupted') record({ ...open, state: 'interrupted' }, 'ended')
  else if (left === 'open alive') record(open, 'alive')
  else if (left === 'open ended') record(open, 'ended')
  else if (left === 'open unsure') record(open, 'unsure')
  else if (left === 'untraced') callees.push({ kind: left, suspect })
  else if (left === 'skipped') callees.push({ kind: left, why: 'hops', suspect, says })
  else if (
    left === 'unsure' ||
    left === 'dropped' ||
    left === 'unreadable' ||
    left === 'unregistered' ||
    left === 'other-key' ||
    left === 'untimely'
  )
    callees.push({ kind: left, suspect, says })
  else callees.push({ kind: 'absent', proof: left, suspect, says })
  return judge({ hops, notes: [], partial: left === 'skipped' })
}

/**
 * The expected verdict, derived without the table: from certain facts about the callee's process and about
 * the request, not from cells.
 */
function expected(
  outcome: string | null,
  left: Left,
  caller: (typeof callers)[number],
): { verdict: Verdict; at: string } {
  const gateway = (verdict: Verdict): { verdict: Verdict; at: string } => ({ verdict, at: 'gateway' })
  const orders = (verdict: Verdict): { verdict: Verdict; at: string } => ({ verdict, at: 'orders' })
  if (caller === 'open alive') return left === 'open alive' ? orders('running') : gateway('running')
  const processEnded = left === 'interrupted' || left === 'open ended'
  if (caller === 'interrupted')
    return processEnded && outcome === null ? orders('died') : gateway('interrupted')

  const answered = outcome === '200' || outcome === '404'
  const refused = outcome === 'ECONNREFUSED' || outcome === 'ENOTFOUND' || outcome === 'EHOSTUNREACH'
  const gaveUp = outcome === 'ETIMEDOUT' || outcome === 'ERR_CANCELED'
  const broke = outcome === 'ECONNRESET' || outcome === 'EPIPE'
  // A proxy may have given it: of a process that ended it proves nothing.
  const proxyStatus = outcome === '502'
  const failedStatus = outcome === '500' || proxyStatus
  const noRecord = left === 'not-taken' || left === 'ended' || left === 'ended-during' || left === 'gone'
  const cannotTell =
    left === 'unsure' ||
    left === 'dropped' ||
    left === 'unreadable' ||
    left === 'skipped' ||
    left === 'unregistered' ||
    left === 'other-key' ||
    left === 'untimely' ||
    // Only its own answer, or a message, proves that it is no hoptrace service.
    (left === 'untraced' && !answered && outcome !== '500' && outcome !== null)
  const isLeaf = left === 'untraced' && !cannotTell
  const hasRecord = !noRecord && !cannotTell && !isLeaf

  if (caller === 'closed 200') {
    // The gateway continued, however the callee ended.
    if (!answered && outcome !== null) {
      if (left === 'skipped') return gateway('undetermined')
      return left === 'open alive'
        ? orders('running')
        : left === 'closed'
          ? orders('completed')
          : gateway('completed')
    }
    if (left === 'open alive') return orders('running')
    if (left === 'open unsure' || cannotTell) return orders('undetermined')
    if (left === 'closed') return orders('completed')
    if (answered || isLeaf) return gateway('completed')
    if (noRecord) return orders('undetermined')
    return orders(processEnded ? 'died' : 'failed')
  }
  // The gateway failed: because of the call, or by itself.
  if (answered || isLeaf) return gateway('failed')
  if (outcome === null) return processEnded ? orders('died') : gateway('failed')
  if (refused && !hasRecord) return orders('unreachable')
  if (processEnded) return orders('died')
  if (left === 'closed') return gateway('failed')
  if (left === 'closed 500' || left === 'open alive') return orders('failed')
  if (left === 'open unsure' || cannotTell) return orders('undetermined')
  // No record, for certain.
  if (failedStatus) return orders(proxyStatus && left !== 'not-taken' ? 'undetermined' : 'failed')
  if (left === 'not-taken') return outcome === 'ERROR' ? gateway('failed') : orders('unreachable')
  if (left === 'gone') return orders('undetermined')
  if (broke) return orders('died')
  return orders(gaveUp && left === 'ended-during' ? 'died' : 'undetermined')
}

describe('the verdict on one call', () => {
  for (const caller of callers) {
    for (const outcome of outcomes) {
      it(`caller ${caller}, who saw ${outcome}`, () => {
        for (const left of lefts) {
          const { verdict, endedAt } = judgeOne(outcome, left, caller)
          expect({ left, verdict, at: endedAt?.service }).toEqual({
            left,
            ...expected(outcome, left, caller),
          })
        }
      })
    }
  }

  it('never says died about a callee that answered or whose process lives', () => {
    for (const caller of callers) {
      for (const outcome of outcomes) {
        for (const left of lefts) {
          const { verdict, endedAt, faults } = judgeOne(outcome, left, caller)
          const deaths = [...faults, { verdict, service: endedAt?.service }].filter(
            (fault) => fault.verdict === 'died',
          )
          if (outcome === '200' || left === 'open alive' || left === 'not-taken' || left === 'closed') {
            expect({ caller, outcome, left, deaths }).toEqual({ caller, outcome, left, deaths: [] })
          }
        }
      }
    }
  })

  it('names the suspect and what is known of it when it cannot tell', () => {
    for (const left of ['unsure', 'dropped', 'unreadable', 'skipped'] as const) {
      const { evidence } = judgeOne('ECONNRESET', left, 'closed 502')
      expect(evidence.join('\n')).toContain('orders 127.0.0.1:4002')
      expect(evidence.join('\n')).toContain('gateway saw ECONNRESET')
      expect(evidence.join('\n')).toContain('orders says so')
    }
  })

  it('blames a process that lived on after its caller had given up for hanging, not for its later end', () => {
    const judged = (outcome: string | null): Judgement => {
      const call = testCall(4002, { outcome })
      const entry = testRecord('gateway', 4001, { status: 504, next: [call] })
      const open = { state: 'interrupted', status: null, durationMicros: null } as const
      const orders = testRecord('orders', 4002, { hopId: call.hopId, ...open })
      const hung = testHop(orders, { liveness: 'ended', outlived: true, parent: 0, call: 0 })
      return judge({
        hops: [testHop(entry, { callees: [{ kind: 'hop', node: 1 }] }), hung],
        notes: [],
        partial: false,
      })
    }
    for (const outcome of ['ETIMEDOUT', 'ERR_CANCELED', 'ECONNRESET']) {
      expect(judged(outcome)).toMatchObject({
        verdict: 'failed',
        endedAt: { service: 'orders' },
        lastHealthy: { service: 'gateway' },
      })
    }
    // Its caller had not given up: the hop was open when its process ended.
    expect(judged(null)).toMatchObject({ verdict: 'died', endedAt: { service: 'orders' } })
  })

  it('lists a fault as handled if the caller continued', () => {
    const { verdict, faults } = judgeOne('ECONNRESET', 'interrupted', 'closed 200')
    expect(verdict).toBe('completed')
    expect(faults).toMatchObject([{ service: 'orders', verdict: 'died', handled: true }])
  })

  it('says not-found of nothing', () => {
    expect(judge({ hops: [], notes: [], partial: false })).toMatchObject({
      verdict: 'not-found',
      endedAt: null,
    })
    expect(testId(1)).toHaveLength(32)
  })
})
