import { describe, expect, it } from 'vitest'
import { testRun } from '../log/test-run.fixture.js'
import { adoptedLines } from './adopted-lines.js'
import type { RecoveredRun } from './recover-run.js'

const runOf = (more: Partial<RecoveredRun>): RecoveredRun => ({
  runDir: '/data/logs/orders/1',
  run: testRun(),
  hops: 2,
  interrupted: 0,
  damage: 0,
  ended: false,
  ...more,
})

describe('what is said of shipped runs', () => {
  it('is a line each for the first five, and then one for each service', () => {
    const runs = Array.from({ length: 500 }, (_, i) =>
      runOf({
        run: { ...testRun(), service: i % 2 === 0 ? 'orders' : 'payments' },
        interrupted: 1,
        damage: i === 499 ? 3 : 0,
      }),
    )
    const lines = adoptedLines(runs)
    expect(lines).toHaveLength(7)
    expect(lines[0]).toContain('orders 127.0.0.1:')
    expect(lines.slice(5)).toEqual([
      '248 more runs of payments had died: shipped 496 hops, 248 interrupted, 3 entries or stretches of their logs could not be read',
      '247 more runs of orders had died: shipped 494 hops, 247 interrupted',
    ])
    expect(adoptedLines(runs.slice(0, 1))).toHaveLength(1)
  })

  it('is nothing of a run that ended in order, unless it left open hops or its log is damaged', () => {
    expect(adoptedLines([runOf({ ended: true })])).toEqual([])
    expect(adoptedLines([runOf({ ended: true, interrupted: 1 })])).toHaveLength(1)
    expect(adoptedLines([runOf({ ended: true, damage: 1 })])).toHaveLength(1)
    expect(adoptedLines([runOf({})])).toHaveLength(1)
  })
})
