import { createOutput } from '@hoptrace/cli'
import { parseFaultArguments, usage, type FaultArguments } from './arguments.js'
import { campaign } from './campaign.js'
import { runDamage } from './damage/damage.js'
import { plansOf } from './plan.js'
import { Report } from './report.js'
import { runTopologies } from './run-topologies.js'

// Breaks processes under load in seeded ways, and compares every verdict with what the services really did. With --topology:
// on hosts in network namespaces, with something between them. With --damage: damages what services recorded, and compares
// every answer with the one before the damage.

const output = createOutput(process.stdout, process.stderr, process.env)
const stopped = new AbortController()

async function onLoopback({ faults, seed, runs, json, keep, verbose }: FaultArguments): Promise<number> {
  const report = new Report(output, { kind: 'fault', rows: faults, seed, json, verbose })
  for await (const { plan, result } of campaign(plansOf(seed, runs, faults), stopped.signal, { keep }))
    await report.add(result.fault, plan, result)
  return report.close()
}

async function main(asked: FaultArguments): Promise<void> {
  if (asked.help) return output.lines([usage])
  process.once('SIGINT', () => stopped.abort())
  process.once('SIGTERM', () => stopped.abort())
  const { topologies } = asked
  if (asked.damage) process.exit(await runDamage(asked, stopped.signal))
  process.exitCode =
    topologies === undefined
      ? await onLoopback(asked)
      : await runTopologies({ ...asked, topologies }, output, stopped.signal)
}

function argumentsOrExit(): FaultArguments {
  try {
    return parseFaultArguments(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    output.note(error.message)
    output.note('npm run faults -- --help says more')
    process.exit(2)
  }
}

await main(argumentsOrExit())
