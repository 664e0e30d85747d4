import { createOutput, formatTable } from '@hoptrace/cli'
import { damageCampaign, type DamagedRun } from './campaign.js'
import { DamageTally } from './tally.js'

/** What the command line of `npm run faults -- --damage` says. */
export interface DamageFlags {
  readonly runs: number
  readonly seed: number
  readonly json: boolean
  readonly keep: boolean
  /** Also says what is wrong with every wrong answer, and not with the first ones of a run alone. */
  readonly verbose: boolean
}

const FIRST = 3

/** Damages recorded data in seeded ways and prints how the command answers. Resolves to the exit code: 1 when an answer is wrong or hangs. */
export async function runDamage(
  { runs, seed, json, keep, verbose }: DamageFlags,
  signal: AbortSignal,
): Promise<number> {
  const output = createOutput(process.stdout, process.stderr, process.env)
  const tally = new DamageTally()
  const bad: string[] = []
  let grownBytes = 0
  for await (const run of damageCampaign({ runs, seed, signal, keep })) {
    tally.addRun(
      run.place,
      run.mutation,
      run.judged.map(({ result }) => result),
    )
    grownBytes = run.grownBytes
    const lines = badOf(run)
    bad.push(...lines.map((line) => `${run.file}, ${run.words}: ${line}`))
    if (lines.length === 0) continue
    output.note(`${run.file}, ${run.words}:`)
    for (const line of lines.slice(0, verbose ? lines.length : FIRST)) output.note(`  ${line}`)
    if (!verbose && lines.length > FIRST) output.note(`  and ${lines.length - FIRST} more`)
  }
  const { wrong, hang } = tally.all
  if (json) await output.document({ seed, wrong, hang, grownBytes, bad, tallies: tally.json() })
  else {
    await output.lines(formatTable(tally.rows().map((row) => row.map((text) => ({ text })))))
    await output.lines([
      '',
      `the questions took at most ${Math.ceil(grownBytes / 1e6)} MB`,
      wrong + hang === 0 ? 'no answer is wrong' : `${wrong} answers are wrong, ${hang} questions hang`,
    ])
  }
  return wrong + hang === 0 ? 0 : 1
}

function badOf({ judged }: DamagedRun): string[] {
  return judged
    .filter(({ result }) => result === 'wrong' || result === 'hang')
    .map(({ question, result, why }) => `${result}: ${question}: ${why}`)
}
