import { describe, expect, it } from 'vitest'
import { allowedVerdicts } from './oracle.js'
import { plansOf } from './plan.js'
import type { Deed } from './truth.js'

const did = (status: number | null, saw: string | null = null, pid = 1): Deed => ({
  pid,
  saw,
  answered: status === null ? null : { status, lost: false },
})

function allowed(deeds: Deed[], dead: number[] = []): string[] {
  const map = new Map(deeds.map((deed, index) => [`s${index + 1}`, deed]))
  return allowedVerdicts(map, { dead: new Set(dead) }).map(
    ({ verdict, endedAt }) => `${verdict} ${endedAt?.join('|') ?? '-'}`,
  )
}

describe('the oracle of the fault harness', () => {
  it('lets only completed stand for what was answered', () => {
    expect(allowed([did(200, '200'), did(200, '200'), did(200, '200'), did(200, '200'), did(200)])).toEqual([
      'completed -',
    ])
  })

  it('names the service whose process ended with the request in its hands', () => {
    expect(allowed([did(502, '502'), did(502, 'ECONNRESET'), did(null, null, 9)], [9])).toEqual(['died s3'])
    expect(allowed([did(null, null, 9)], [9])).toEqual(['interrupted s1', 'died s1'])
  })

  it('tells refused from reset where nobody took the request', () => {
    expect(allowed([did(502, 'ECONNREFUSED')])).toEqual(['unreachable s2'])
    expect(allowed([did(502, 'ECONNRESET')])).toEqual(['unreachable s2', 'died s2'])
  })

  it('never lets a service die that answered and lives on', () => {
    expect(allowed([did(502, 'ECONNRESET'), did(200, null, 9)], [1])).toEqual(['failed s1|s2'])
    expect(allowed([did(504, 'ETIMEDOUT'), did(200)])).toEqual(['failed s1|s2'])
  })

  it('goes down to the service that failed by itself', () => {
    expect(allowed([did(502, '500'), did(500)])).toEqual(['failed s2'])
  })
})

describe('the plans of a seed', () => {
  it('are always the same, and never refuse the entry', () => {
    expect(plansOf(7, 50)).toEqual(plansOf(7, 50))
    expect(plansOf(7, 50)).not.toEqual(plansOf(8, 50))
    const refused = plansOf(7, 900).filter((plan) => plan.fault === 'refused')
    expect(refused.length).toBeGreaterThan(90)
    expect(refused.every((plan) => plan.service !== 's1')).toBe(true)
  })
})
