import { describe, expect, it } from 'vitest'
import { campaign } from './campaign.js'
import { plansOf } from './plan.js'
import { addRun, emptyTally, TIMES } from './tally.js'

/** A slice of `npm run faults`, the same every time. */
/** Longer than any other test takes, on any runtime. */
const slow = 300_000

describe('services that die under load', () => {
  it(
    'never lead to a false verdict, lose no finished hop, and are named',
    async () => {
      const tally = emptyTally('all')
      const wrong: string[] = []
      const plans = plansOf(3, 2, ['sigkill', 'uncaught'])
      for await (const { result } of campaign(plans, new AbortController().signal)) {
        addRun(tally, result)
        for (const time of TIMES) {
          for (const one of result.judged[time]) {
            if (one.result === 'wrong') wrong.push(`${one.request}: ${one.verdict}; true is ${one.truth}`)
          }
        }
      }
      expect(wrong).toEqual([])
      expect(tally.lost).toBe(0)
      expect(tally.died).toBeGreaterThan(0)
      expect(tally.named).toBe(tally.died)
    },
    slow,
  )
})
