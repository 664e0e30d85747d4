import { describe, expect, it } from 'vitest'
import { testHop, testRecord } from '../test-trace.fixture.js'
import { judge } from './overall.js'

describe('a trace of which the beginning is missing', () => {
  const tree = (status: number, state: 'closed' | 'interrupted' | 'open') => ({
    hops: [testHop(testRecord('payments', 4002, { status, state }))],
    notes: [],
    partial: true,
    headless: true,
  })

  it('is undetermined, however well what is known of it went', () => {
    expect(judge(tree(200, 'closed')).verdict).toBe('undetermined')
    expect(judge(tree(200, 'open')).verdict).toBe('undetermined')
  })

  it('is no death if its caller may have continued, but the fault is listed', () => {
    const judged = judge(tree(200, 'interrupted'))
    expect(judged.verdict).toBe('undetermined')
    expect(judged.faults.map(({ service }) => service)).toEqual(['payments'])
  })
})
