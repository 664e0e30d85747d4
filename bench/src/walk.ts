/**
 * The cost of a question: five-hop traces over five services with one store each, an id without a record, and
 * `find` by a key, with more and more hops stored. By default the services have stopped, and their stores are
 * asked; with `--live`, five Express processes are. Another process asks. Medians over rounds, and the reads
 * of one answer.
 * `npm run bench:walk -- --stored 1000,20000 --questions 200 --store level|hbase --live`
 * `--profile DIR`: a CPU profile of the process that asks, for each size.
 */
import { newClusterKey, type HopId } from '@hoptrace/core'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from './report.js'
import { startedHBase } from './started-hbase.js'
import type { Answers, Questions } from './walk/asked.js'
import { LivingServices } from './walk/living.js'
import { record, services } from './walk/recorded.js'

const { values } = parseArgs({
  options: {
    stored: { type: 'string', default: '1000,20000' },
    questions: { type: 'string', default: '200' },
    store: { type: 'string', default: 'level' },
    live: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
})

/** The process that asks is another one than those that recorded: it has nothing of what they hold in memory. */
async function ask(questions: Questions): Promise<Answers> {
  const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]
  const program = fileURLToPath(new URL('./walk/asked.js', import.meta.url))
  const child = fork(program, { execArgv: [...process.execArgv, ...profile] })
  child.send(questions)
  const [answers] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => [undefined]),
  ])) as [Answers | undefined]
  if (answers === undefined) throw new Error('the process that asks has failed')
  return answers
}

async function measure(
  stored: number,
  hbase: string | undefined,
  firstPort: number,
): Promise<[string, Answers][]> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-walk-'))
  // With a server as the store, the one that asks is on another host: it has no data directory of theirs.
  const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-walk-'))
  const clusterKey = newClusterKey()
  const making = {
    dataDir,
    clusterKey,
    ...(hbase === undefined ? {} : { store: { kind: 'hbase', url: hbase } }),
  }
  const options = {
    clusterKey,
    dir: hbase === undefined ? dataDir : elsewhere,
    ...(hbase && { store: hbase }),
  }
  const living = values.live ? await LivingServices.start(making) : undefined
  try {
    const traces: [HopId, string][] = await (living?.record(stored) ??
      record({ ...making, firstPort }, stored))
    // Not all of them: a process that asks has none of the traces in memory.
    const some = Array.from(
      { length: Number(values.questions) },
      () => traces[Math.floor(Math.random() * traces.length)] as [HopId, string],
    )
    const asked = { options, traces: some, hopsOfATrace: services.length }
    const rows: [string, Answers][] = []
    for (const mode of values.live ? (['iterative', 'recursive'] as const) : (['iterative'] as const))
      rows.push([
        values.live ? `${stored}, ${mode}` : String(stored),
        await ask({ ...asked, options: { ...options, mode } }),
      ])
    return rows
  } finally {
    await living?.stop()
    for (const dir of [dataDir, elsewhere]) rmSync(dir, { recursive: true, force: true })
  }
}

async function main(): Promise<void> {
  if (values.store !== 'level' && values.store !== 'hbase') throw new TypeError('--store is level or hbase')
  const rows: string[][] = []
  const first = new Map<string, Answers>()
  for (const [i, stored] of values.stored.split(',').entries()) {
    // Each size has an HBase of its own: nothing that an earlier one stored is in its tables.
    const hbase = values.store === 'hbase' ? await startedHBase({ name: 'bench-walk' }) : undefined
    try {
      for (const [name, answers] of await measure(Number(stored), hbase?.url, 45_600 + 10 * i)) {
        const mode = name.slice(stored.length)
        const least = first.get(mode) ?? answers
        first.set(mode, least)
        const { present, cpu, absent, find, instances, scans, kibibytes } = answers
        rows.push([
          name,
          answers.first.toFixed(1),
          present.toFixed(2),
          cpu.toFixed(2),
          (present / least.present).toFixed(2),
          absent.toFixed(2),
          (absent / present).toFixed(2),
          find.toFixed(2),
          `${instances} instances, ${scans} scans, ${kibibytes.toFixed(0)} KiB`,
        ])
      }
    } finally {
      await hbase?.wipe()
    }
  }
  const head = [
    'hops stored',
    'first question, ms',
    'five-hop walk, ms',
    'CPU of it, ms',
    'of the first row',
    'absent id, ms',
    'of a walk',
    'find by key, ms',
    'reads of a walk',
  ]
  console.log(table(head, rows))
}

await main()
