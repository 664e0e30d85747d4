import { parseArgs } from 'node:util'
import { createOutput, formatTable } from '@hoptrace/cli'
import { campaign } from './campaign.js'
import { runDamage } from './damage/damage.js'
import { describeStrike, FAULTS, plansOf, type Plan } from './plan.js'
import { addRun, emptyTally, tallyRows, TIMES, type RunResult } from './tally.js'

// Breaks six processes under load in seeded ways, and compares every verdict with what the services really did. With
// --damage: damages what services recorded, and compares every answer with the one before the damage.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '7' },
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    damage: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const faults = FAULTS.filter((fault) => values.only?.includes(fault) ?? true)
const output = createOutput(process.stdout, process.stderr, process.env)
const stopped = new AbortController()
process.once('SIGINT', () => stopped.abort())
process.once('SIGTERM', () => stopped.abort())

if (values.damage) {
  process.exit(await runDamage({ ...values, runs: Number(values.runs), seed }, stopped.signal))
}

const tallies = new Map(faults.map((fault) => [fault as string, emptyTally(fault)]))
const all = emptyTally('all')
const bad: string[] = []
for await (const { plan, result } of campaign(
  plansOf(seed, Number(values.runs), faults),
  stopped.signal,
  values.keep,
)) {
  addRun(all, result)
  const tally = tallies.get(result.fault)
  if (tally) addRun(tally, result)
  const said = saidOf(plan, result)
  if (values.json) output.note(said.join('\n'))
  else await output.lines(said)
}
const shown = [...[...tallies.values()].filter(({ runs }) => runs > 0), all]
const wrong = TIMES.reduce((sum, time) => sum + all.times[time].wrong, 0)
if (values.json) await output.document({ seed, wrong, bad, tallies: shown })
else {
  const cells = tallyRows(shown).map((row) => row.map((text) => ({ text })))
  await output.lines(['', ...formatTable(cells), ''])
  await output.lines([wrong > 0 ? `${wrong} verdicts are wrong` : 'no verdict is wrong'])
}
process.exitCode = wrong > 0 ? 1 : 0

/** One line for the run, and one for each answer that is not right. */
function saidOf(plan: Plan, { requests, judged, removed }: RunResult): string[] {
  const lines = [`${all.runs} ${plan.map(describeStrike).join(' + ')}: ${requests} requests`]
  for (const time of TIMES) {
    const odd = judged[time].filter(
      (one) =>
        one.result === 'wrong' ||
        (time === 'shipped' &&
          (one.result !== 'right' ||
            one.lost.some((name) => !removed.includes(name)) ||
            (one.died.length > 0 && !one.named))),
    )
    const texts = odd.map(
      (one) =>
        `  ${time}, ${one.result}: ${one.request}: said ${one.verdict}; true is ${one.truth}; ` +
        `died ${one.died.join(' ') || '-'}, lost ${one.lost.join(' ') || '-'}`,
    )
    lines.push(...texts.slice(0, values.verbose ? texts.length : 4))
    bad.push(...texts.filter((_, index) => odd[index]?.result === 'wrong'))
  }
  return lines
}
