import { parseArgs } from 'node:util'
import { createOutput, formatTable } from '@hoptrace/cli'
import { campaign } from './campaign.js'
import { compareOtel } from './compare-otel.js'
import { addCompared, comparedRows, emptyCompared } from './compared.js'
import { DEADLY, describeStrike, plansOf } from './plan.js'

// The same processes, load and deaths under hoptrace and under OpenTelemetry JS: what each has of the requests afterwards.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '14' },
    seed: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
  },
})
const output = createOutput(process.stdout, process.stderr, process.env)
const plans = plansOf(Number(values.seed), Number(values.runs), [...DEADLY])
const hoptrace = emptyCompared('hoptrace')
for await (const { plan, result } of campaign(plans, new AbortController().signal)) {
  for (const { finished, lost, well, died, named } of result.judged.shipped) {
    addCompared(hoptrace, {
      finished: finished.length,
      lost: lost.length,
      well,
      died: died.length > 0,
      named,
    })
  }
  output.note(`hoptrace: ${plan.map(describeStrike).join(' + ')}`)
}
const otel = await compareOtel(plans)
if (values.json) await output.document({ hoptrace, otel })
else
  await output.lines(formatTable(comparedRows([hoptrace, otel]).map((row) => row.map((text) => ({ text })))))
