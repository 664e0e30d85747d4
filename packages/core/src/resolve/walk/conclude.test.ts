import { describe, expect, it } from 'vitest'
import type { Lookup } from '../../record/lookup.js'
import { baseNanos, testCall, testId, testRecord, testRow } from '../test-trace.fixture.js'
import { InstanceIndex } from './candidates.js'
import { concludeAbsent, type Answer } from './conclude.js'
import { callTimes } from './times.js'

const second = 1_000_000_000n
const times = { startNanos: baseNanos, endNanos: baseNanos + second }
const id = testId(4002)

function answer(more: Partial<Extract<Lookup, { kind: 'absent' }>>, started = -60n, port = 4002): Answer {
  const row = testRow('orders', port, { startNanos: baseNanos + started * second })
  const absent = { kind: 'absent', throughNanos: 0n, final: false, dropped: false, source: 'store' } as const
  return { row, lookup: { ...absent, ...more }, failure: null }
}

const proofOf = (...answers: Answer[]): string => {
  const evidence = concludeAbsent(answers, times, id)
  return evidence.kind === 'absent' ? evidence.proof : evidence.kind
}

const lived = answer({ throughNanos: baseNanos + 4n * second })
const ended = answer({ final: true }, -90n)
const endedDuring = answer({ final: true, aliveNanos: baseNanos + second / 2n })

describe('what absence proves', () => {
  it('is nothing before the clock of the callee is past the call and some settling', () => {
    expect(proofOf(answer({ throughNanos: baseNanos + 3n * second - 1n }))).toBe('unsure')
    expect(proofOf(answer({ throughNanos: baseNanos + 3n * second }))).toBe('not-taken')
  })

  it('depends, for a run that ended, on whether it was alive at the time', () => {
    expect(proofOf(ended)).toBe('ended')
    expect(proofOf(endedDuring)).toBe('ended-during')
    expect(proofOf(answer({ final: true, aliveNanos: baseNanos - second }))).toBe('ended')
    const through = { throughNanos: baseNanos + 3n * second }
    expect(proofOf(answer({ final: true, aliveNanos: baseNanos + 3n * second, ...through }))).toBe(
      'not-taken',
    )
  })

  it('is less for a run that ended later, and whose event loop no longer turned', () => {
    expect(proofOf(answer({ final: true, aliveNanos: baseNanos + 9n * second }))).toBe('ended-during')
  })

  it('is nothing while the clock of another machine may be as much ahead', () => {
    const elsewhere = { ...times, machine: 'another' }
    const proof = (more: Parameters<typeof answer>[0], at = elsewhere): string => {
      const evidence = concludeAbsent([answer(more)], at, id)
      return evidence.kind === 'absent' ? evidence.proof : evidence.kind
    }
    for (const final of [true, false]) {
      expect(proof({ final, throughNanos: baseNanos + 30n * second })).toBe('unsure')
      expect(proof({ final, throughNanos: baseNanos + 31n * second })).toBe('not-taken')
      expect(
        proof({ final, throughNanos: baseNanos + 3n * second }, { ...times, machine: 'test-host' }),
      ).toBe('not-taken')
    }
    expect(proof({ throughNanos: baseNanos + 3n * second, source: 'live' })).toBe('not-taken')
  })

  it('is nothing while a proxy, or the primary of a cluster, may have held the request back', () => {
    const proof = (more: Parameters<typeof answer>[0], mayBeHeld: boolean, worker = 0): string => {
      const one = answer(more)
      const evidence = concludeAbsent([{ ...one, row: { ...one.row, worker } }], times, id, { mayBeHeld })
      return evidence.kind === 'absent' ? evidence.proof : evidence.kind
    }
    const soon = { throughNanos: baseNanos + 30n * second }
    const later = { throughNanos: baseNanos + 31n * second }
    for (const [mayBeHeld, worker] of [
      [true, 0],
      [false, 2],
    ] as const) {
      expect(proof(soon, mayBeHeld, worker)).toBe('unsure')
      expect(proof(later, mayBeHeld, worker)).toBe('not-taken')
      expect(proof({ ...soon, source: 'live' }, mayBeHeld, worker)).toBe('not-taken')
    }
    expect(proof(soon, false)).toBe('not-taken')
  })

  it('is certain of runs that have ended and write what they take first, whenever they ended', () => {
    const first = (...answers: Answer[]): string => {
      const evidence = concludeAbsent(answers, times, id, { writesFirst: true })
      return evidence.kind === 'absent' ? evidence.proof : evidence.kind
    }
    const soonAfter = answer({ final: true, throughNanos: baseNanos + 9n * second })
    const elsewhere = { ...times, machine: 'another' }
    expect(concludeAbsent([soonAfter], elsewhere, id, { writesFirst: true })).toMatchObject({
      proof: 'not-taken',
    })
    expect(first(ended)).toBe('not-taken')
    expect(first(endedDuring, lived, ended)).toBe('not-taken')
    expect(first(ended, answer({ throughNanos: baseNanos }))).toBe('unsure')
    expect(first(ended, answer({ final: true, dropped: true }))).toBe('dropped')
  })

  it('is nothing by a clock that is ahead of now', () => {
    const now = BigInt(Date.now()) * 1_000_000n
    const call = { startNanos: now - 9n * second, endNanos: now - 8n * second }
    const hour = 3600n * second
    const proof = (one: Answer): string => {
      const evidence = concludeAbsent([one], call, id)
      return evidence.kind === 'absent' ? evidence.proof : evidence.kind
    }
    expect(proof(answer({ throughNanos: now }))).toBe('not-taken')
    expect(proof(answer({ throughNanos: now + hour }))).toBe('unsure')
    expect(proof(answer({ final: true, aliveNanos: now + hour }))).toBe('ended')
  })

  it('is nothing where records were dropped, or a read failed', () => {
    expect(proofOf(answer({ final: true, dropped: true }))).toBe('dropped')
    expect(proofOf({ ...lived, lookup: null, failure: 'away' })).toBe('unreadable')
  })

  it('is no more than the weakest of all runs that were asked', () => {
    const weak = answer({ throughNanos: baseNanos })
    expect(proofOf(lived, weak)).toBe('unsure')
    expect(proofOf(endedDuring, weak)).toBe('unsure')
    expect(proofOf(lived, endedDuring)).toBe('ended-during')
    expect(proofOf(lived, { ...lived, lookup: null, failure: 'away' })).toBe('unreadable')
  })

  it('leaves open who had it when one run ended and another was there and lived', () => {
    expect(proofOf(ended, lived)).toBe('unsure')
    // One that began only after the call cannot have had it.
    expect(proofOf(ended, answer({ throughNanos: baseNanos + 9n * second }, 2n))).toBe('ended')
    // With a balancer, the run that was seen alive a moment before counts.
    const other = answer({ final: true, aliveNanos: baseNanos - 2n * second }, -60n, 4003)
    expect(proofOf(other, lived)).toBe('ended')
  })
})

describe('who may have taken a call', () => {
  const caller = testRecord('gateway', 4001)
  const call = testCall(4002)
  const of = (...rows: ReturnType<typeof testRow>[]): string[] =>
    new InstanceIndex({ rows, unread: [] })
      .forCall(call, callTimes(caller, call), 'test-host')
      .rows.map(({ service, host, worker }) => `${service} ${host} ${worker}`)

  it('is every worker at the address that was dialled', () => {
    expect(
      of(testRow('orders', 4002), testRow('orders', 4002, { worker: 1 }), testRow('orders', 4003)),
    ).toHaveLength(2)
  })

  it('is reached under other addresses too, on loopback rather on the same host', () => {
    const wildcard = { address: '10.0.0.7:4002', aliases: ['127.0.0.1:4002'] }
    expect(
      of(testRow('orders', 4002, wildcard), testRow('orders', 4002, { ...wildcard, host: 'other' })),
    ).toEqual(['orders test-host 0'])
    expect(of(testRow('orders', 4002, { ...wildcard, host: 'other' }))).toEqual(['orders other 0'])
  })

  it('is no run that began later, or had ended long before', () => {
    const hour = 3600n * second
    const later = testRow('orders', 4002, { startNanos: baseNanos + hour })
    const before = testRow('orders', 4002, {
      startNanos: baseNanos - hour * 3n,
      state: 'dead',
      heartbeatMillis: Number((baseNanos - hour * 2n) / 1_000_000n),
    })
    const index = new InstanceIndex({ rows: [later, before], unread: [] })
    expect(index.forCall(call, callTimes(caller, call), null)).toMatchObject({ rows: [], gone: before })
    // One that never said that it ended has, when another listens there since long.
    expect(of({ ...before, state: 'running' }, testRow('orders', 4002))).toHaveLength(1)
  })

  it('is the service expected at a name that was not resolved', () => {
    const named = {
      ...call,
      hopId: `${call.hopId.slice(0, 20)}00000000${call.hopId.slice(28)}` as typeof call.hopId,
    }
    const rows = [testRow('orders', 4007), testRow('mail', 4002)]
    const index = new InstanceIndex({ rows, unread: [] })
    const names = (service: string | null): string[] =>
      index.forCall({ ...named, service }, callTimes(caller, named), null).rows.map((row) => row.service)
    expect(names('orders')).toEqual(['orders'])
    expect(names(null)).toEqual(['mail'])
  })
})
