import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { createOutput, formatTable } from '@hoptrace/cli'
import { Fleet } from './fleet.js'
import { judgeAll, type Judged } from './judge.js'
import { plansOf, type Plan } from './plan.js'
import { runPlan } from './run.js'

// Breaks a chain of five processes under load in seeded ways, and compares every verdict with what the services really did.

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '7' },
    only: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const output = createOutput(process.stdout, process.stderr, process.env)
const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-faults-'))
const fleet = await Fleet.start(dataDir)
process.once('SIGINT', () => void fleet.stop().then(() => process.exit(130)))

const tried: { plan: Plan; judged: Judged[] }[] = []
try {
  for (const [index, plan] of plansOf(Number(values.seed), Number(values.runs)).entries()) {
    if (values.only !== undefined && plan.fault !== values.only) continue
    const requests = await runPlan(fleet, plan, `run${index}`)
    const judged = await judgeAll(fleet, requests, index % 2 === 0 ? 'iterative' : 'recursive')
    tried.push({ plan, judged })
    const bad = judged.filter((one) => one.result !== 'right' || one.lost.length > 0)
    await output.lines([
      `${index + 1} ${describe(plan)}: ${judged.length} requests, ${judged.length - bad.length} right`,
      ...(values.verbose ? [`  ${fleet.processes}`] : []),
      ...bad
        .slice(0, values.verbose ? bad.length : 5)
        .map(
          (one) =>
            `  ${one.result} ${one.request}: said ${one.verdict}; true is ${one.truth}; lost ${one.lost.join(' ') || 'none'}`,
        ),
    ])
  }
} finally {
  await fleet.stop()
  await rm(dataDir, { recursive: true, force: true })
}
await output.lines(['', ...table()])
const wrong = tried.some(({ judged }) => judged.some((one) => one.result === 'wrong'))
await output.lines(['', wrong ? 'there are wrong verdicts' : 'no verdict is wrong'])
process.exitCode = wrong ? 1 : 0

function describe({ fault, moment, service, restart }: Plan): string {
  return `${fault} of ${service} ${moment} its call, ${restart ? 'restarted' : 'not restarted'}`
}

function table(): string[] {
  const head = ['fault', 'runs', 'requests', 'right', 'wrong', 'undetermined', 'hops lost']
  const faults = [...new Set(tried.map(({ plan }) => plan.fault))].sort()
  const rows = [...faults, 'all'].map((fault) => {
    const runs = tried.filter(({ plan }) => fault === 'all' || plan.fault === fault)
    const judged = runs.flatMap((run) => run.judged)
    const count = (result: Judged['result']): number => judged.filter((one) => one.result === result).length
    const lost = judged.reduce((sum, one) => sum + one.lost.length, 0)
    return [fault, runs.length, judged.length, count('right'), count('wrong'), count('undetermined'), lost]
  })
  return formatTable([head, ...rows].map((row) => row.map((cell) => ({ text: String(cell) }))))
}
