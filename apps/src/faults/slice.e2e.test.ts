import { describe, expect, it } from 'vitest'
import { campaign } from './campaign.js'
import { describeJudged } from './judge.js'
import { plansOf, REQUESTS } from './plan.js'
import { TIMES, type RunResult } from './tally.js'
import { loopbackTerrain, type Terrain } from './terrain.js'

/** As long as Node gives a heavy test, on the other runtimes too: there one that hangs ends sooner. */
const slow = 1_500_000

describe('services that die under load', () => {
  it(
    'never lead to a false verdict, lose no finished hop, and are named',
    async () => {
      // A slice of `npm run faults`, the same every time, with half of its requests.
      const plans = plansOf(3, 2, ['sigkill', 'uncaught'])
      const terrain = async (dataDir: string): Promise<Terrain> => ({
        ...(await loopbackTerrain(dataDir)),
        requests: REQUESTS,
      })
      const results: RunResult[] = []
      for await (const { result } of campaign(plans, new AbortController().signal, { terrain }))
        results.push(result)
      const shipped = results.flatMap(({ judged }) => judged.shipped)
      const all = results.flatMap(({ judged }) => TIMES.flatMap((time) => judged[time]))
      const died = shipped.filter((one) => one.died.length > 0)
      expect(died.length).toBeGreaterThan(0)
      expect({
        wrong: all.filter((one) => one.result === 'wrong').map(describeJudged),
        lost: shipped.filter((one) => one.lost.length > 0).map(describeJudged),
        notNamed: died.filter((one) => !one.named).map(describeJudged),
      }).toEqual({ wrong: [], lost: [], notNamed: [] })
    },
    slow,
  )
})
