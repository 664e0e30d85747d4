import { describe, expect, it } from 'vitest'
import type { ClientGot } from './load.js'
import { allowedVerdicts, mayBeUnknown } from './oracle.js'
import { FAULTS, plansOf } from './plan.js'
import type { Deed } from './truth.js'

interface Did {
  readonly answered?: number
  readonly saw?: Readonly<Record<string, string>>
  readonly pid?: number
  readonly sent?: boolean
}

const did = ({ answered, saw = {}, pid = 1, sent = answered !== undefined }: Did): Deed => ({
  pid,
  saw,
  answered: answered === undefined ? null : { status: answered, lost: false },
  sent,
})

const well = did({ answered: 200 })

function allowed(
  deeds: Record<string, Deed>,
  dead: number[] = [],
  bereft: string[] = [],
  standIns: [string, string | null][] = [],
  clientGot: ClientGot = null,
): string[] {
  return allowedVerdicts({
    deeds: new Map(Object.entries(deeds)),
    clientGot,
    dead: new Set(dead),
    bereft: new Set(bereft),
    standIns: new Map(standIns),
  }).map(({ verdict, endedAt }) => `${verdict} ${endedAt?.join('|') ?? '-'}`)
}

const s1 = (outcome: string): Deed => did({ answered: outcome === '200' ? 200 : 502, saw: { s2: outcome } })
const s2 = (s3: string, s6 = '200'): Deed => did({ answered: 502, saw: { s3, s6 } })

describe('the oracle of the fault harness', () => {
  it('lets only completed stand for what was answered', () => {
    expect(allowed({ s1: s1('200'), s2: well, s3: well })).toEqual(['completed -'])
  })

  it('lets an answer that its client did not wait for be a failure as well', () => {
    const late = did({ answered: 200, saw: { s2: '200' }, sent: false })
    expect(allowed({ s1: late, s2: well })).toEqual(['completed -', 'failed s1'])
  })

  it('names the service whose process ended with the request in its hands', () => {
    const s3 = did({ pid: 9 })
    expect(allowed({ s1: s1('502'), s2: s2('ECONNRESET'), s3 }, [9])).toEqual(['died s3'])
    expect(allowed({ s1: did({ pid: 9 }) }, [9])).toEqual(['interrupted s1', 'died s1'])
  })

  it('lets an entry that ended as it answered have answered, or have died', () => {
    const ended = (status: number): Deed => did({ answered: status, saw: { s2: '502' }, pid: 9, sent: false })
    expect(allowed({ s1: ended(502), s2: s2('200') }, [9])).toEqual([
      'interrupted s1',
      'died s1',
      'failed s2',
    ])
    const ok = did({ answered: 200, saw: { s2: '200' }, pid: 9, sent: false })
    expect(allowed({ s1: ok, s2: well }, [9])).toEqual(['interrupted s1', 'died s1', 'completed -'])
    // Its client may have left before it ended; a client that was cut off has not.
    expect(allowed({ s1: ok, s2: well }, [9], [], [], 'late')).toContain('failed s1')
  })

  it('lets a process that ended while it waited for another one that ended stand for both', () => {
    const both = { s1: s1('ECONNRESET'), s2: did({ pid: 8 }), s3: did({ pid: 9 }) }
    expect(allowed(both, [8, 9])).toEqual(['died s2', 'died s3'])
  })

  it('lets a service that its caller still waits for be the place of a failure further up', () => {
    const slow = { s1: s1('ETIMEDOUT'), s2: did({ saw: { s6: '200' } }), s3: did({}) }
    expect(allowed(slow)).toEqual(['failed s2', 'running s2', 'failed s3', 'running s3'])
    expect(allowed({ ...slow, s3: well })).toEqual(['failed s2', 'running s2'])
    expect(allowed({ ...slow, s2: did({ saw: { s3: 'ETIMEDOUT' } }) })).toEqual(['failed s2', 'running s2'])
  })

  it('tells refused from reset where nobody took the request', () => {
    expect(allowed({ s1: s1('ECONNREFUSED') })).toEqual(['unreachable s2'])
    expect(allowed({ s1: s1('ECONNRESET') }, [9], ['s2'])).toEqual(['unreachable s2', 'died s2'])
  })

  it('lets nothing have died at a service of which no process ended', () => {
    expect(allowed({ s1: s1('ETIMEDOUT') }, [9], ['s3'])).toEqual([
      'unreachable s2',
      'failed s2',
      'failed s1',
    ])
  })

  it('never lets a service die that answered and lives on', () => {
    const s3 = did({ answered: 200, pid: 9 })
    expect(allowed({ s1: s1('502'), s2: s2('ECONNRESET'), s3 }, [1])).toEqual(['failed s2|s3'])
    expect(allowed({ s1: s1('502'), s2: s2('ETIMEDOUT'), s3 })).toEqual(['failed s2|s3'])
  })

  it('never lets a service die that had sent its answer when its process ended', () => {
    const s3 = did({ answered: 200, pid: 9 })
    expect(allowed({ s1: s1('502'), s2: s2('ECONNRESET'), s3 }, [9])).toEqual(['failed s2|s3'])
    const unsent = did({ answered: 200, pid: 9, sent: false })
    expect(allowed({ s1: s1('502'), s2: s2('ECONNRESET'), s3: unsent }, [9])).toContain('died s3')
  })

  it('lets a proxy answer for a service that did not take the request, and for none that died of it', () => {
    const nobody = { s1: s1('502') }
    expect(allowed(nobody, [], [], [['s2', null]])).toEqual(['unreachable s2', 'failed s2'])
    expect(allowed(nobody, [], [], [['s2', 'gateway']])).toContain('failed gateway')
    const dead = { s1: s1('502'), s2: did({ pid: 9 }) }
    expect(allowed(dead, [9], [], [['s2', 'gateway']])).toEqual(['died s2'])
  })

  it('goes down to the service that failed by itself, along each call that failed', () => {
    expect(allowed({ s1: s1('500'), s2: did({ answered: 500, saw: {} }) })).not.toContain('completed -')
    const s6 = did({ pid: 9 })
    const two = { s1: s1('502'), s2: s2('ECONNREFUSED', 'ECONNRESET'), s6 }
    expect(allowed(two, [9])).toEqual(['unreachable s3', 'died s6'])
  })
})

describe('a request that nothing may be known of', () => {
  const isUnknown = (deeds: Record<string, Deed>, dead: number[] = [1]): boolean =>
    mayBeUnknown({
      deeds: new Map(Object.entries(deeds)),
      clientGot: null,
      dead: new Set(dead),
      bereft: new Set(),
      standIns: new Map(),
    })

  it('is one whose entry was killed before a call left, and no other', () => {
    expect(isUnknown({ s1: did({}) })).toBe(true)
    expect(isUnknown({ s1: did({}) }, [])).toBe(false)
    expect(isUnknown({ s1: did({}), s2: did({ pid: 2 }) })).toBe(false)
    expect(isUnknown({ s1: did({ saw: { s2: 'ECONNREFUSED' } }) })).toBe(false)
    expect(isUnknown({ s1: did({ answered: 200 }) })).toBe(false)
  })
})

describe('the plans of a seed', () => {
  it('are always the same, have every fault, and never refuse the entry', () => {
    expect(plansOf(7, 50)).toEqual(plansOf(7, 50))
    expect(plansOf(7, 50)).not.toEqual(plansOf(8, 50))
    const strikes = plansOf(7, 950).flat()
    expect(new Set(strikes.map(({ fault }) => fault))).toEqual(new Set(FAULTS))
    expect(strikes.length).toBeGreaterThan(1100)
    const refused = strikes.filter(({ fault }) => fault === 'refused')
    expect(refused.every(({ service }) => service !== 's1')).toBe(true)
  })
})
