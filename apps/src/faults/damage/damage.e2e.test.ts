import { expect, it } from 'vitest'
import { damageCampaign } from './campaign.js'

/** A slice of `npm run faults -- --damage`: every way to damage a log. */
it('17.2: a damaged log gives no answer that differs from the truth without a word', async () => {
  const bad: string[] = []
  const places = new Set<string>()
  for await (const run of damageCampaign({ runs: 9, seed: 54, signal: new AbortController().signal })) {
    places.add(run.place)
    for (const { result, question, why } of run.judged)
      if (result === 'wrong' || result === 'hang') bad.push(`${run.file}, ${run.words}: ${question}: ${why}`)
  }
  expect(bad).toEqual([])
  expect([...places]).toEqual(['log'])
})
