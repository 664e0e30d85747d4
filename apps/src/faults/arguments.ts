import { parseArgs } from 'node:util'
import { FAULTS, type Fault } from './plan.js'
import { TOPOLOGIES, topologiesOf, type TopologyName } from './topologies.js'

/** The arguments of `npm run faults -- …`. */
export interface FaultArguments {
  readonly runs: number
  readonly seed: number
  /** The faults of a campaign on loopback. */
  readonly faults: readonly Fault[]
  /** Undefined for a campaign on loopback. */
  readonly topologies: readonly TopologyName[] | undefined
  readonly store: string | undefined
  readonly requests: number | undefined
  readonly figures: string | undefined
  readonly jobs: number
  /** Damages recorded data, and breaks no process. */
  readonly damage: boolean
  readonly json: boolean
  readonly keep: boolean
  readonly verbose: boolean
  readonly help: boolean
}

/** Reads the command line. Throws TypeError that says what to type instead. */
export function parseFaultArguments(argv: readonly string[]): FaultArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '20' },
      seed: { type: 'string', default: '7' },
      topology: { type: 'string' },
      store: { type: 'string' },
      requests: { type: 'string' },
      figures: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      damage: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  })
  const { topology, store, requests, figures, jobs, damage, json, keep, verbose, help } = values
  for (const name of values.only ?? []) {
    if (!FAULTS.some((fault) => fault === name))
      throw new TypeError(`--only has no '${name}' (${FAULTS.join(', ')})`)
  }
  if (store !== undefined && store !== 'hbase' && store !== 'level')
    throw new TypeError('--store must be hbase or level')
  return {
    runs: wholeNumber('runs', values.runs, 1),
    seed: wholeNumber('seed', values.seed, 0),
    faults: FAULTS.filter((fault) => values.only?.includes(fault) ?? true),
    topologies: topology === undefined ? undefined : topologiesOf(topology),
    store,
    requests: requests === undefined ? undefined : wholeNumber('requests', requests, 1),
    figures,
    jobs: wholeNumber('jobs', jobs, 1),
    damage,
    json,
    keep,
    verbose,
    help,
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < least)
    throw new TypeError(`--${option} must be a whole number, ${least} or more`)
  return number
}

/** What `npm run faults -- --help` prints. */
export const usage = `npm run faults -- [options]

Breaks processes under load in seeded ways, and compares every verdict with what the services really did. Exits with 1 if a verdict is
wrong, and with 2 if an option is, or if this machine has no networks for --topology.

  --runs N          how many runs (default 20)
  --seed N          chooses what is broken, where and when (default 7)
  --json            one JSON document instead of the table
  --keep            leave the data directories
  --verbose         every answer that is not right, with what the services did

On loopback, if neither of the next two is given:

  --only FAULT      only this fault; repeatable:${wrapped(FAULTS)}

On hosts in network namespaces:

  --topology LIST   what is between the hosts, with commas, or all:${wrapped(TOPOLOGIES)}
  --store STORE     hbase (default where it can run) or level
  --requests N      requests of a run (default 250)
  --jobs N          topologies that run side by side (default 1)
  --figures FILE    a Markdown file whose figures are replaced by the table

On recorded data:

  --damage          damage files of recorded runs, and compare every answer with the one before the damage`

/** Names for the right column of the usage, some in a line. */
function wrapped(names: readonly string[]): string {
  const indent = ' '.repeat(20)
  const lines: string[] = []
  for (let i = 0; i < names.length; i += 8) lines.push(names.slice(i, i + 8).join(', '))
  return `\n${indent}${lines.join(`,\n${indent}`)}`
}
