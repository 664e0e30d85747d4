/**
 * A trace of 10,000 hops, 5,000 of them called by one hop and 200 in a chain. A process with little memory
 * resolves it from the stores within a deadline. The output says what it found, its duration, and its peak
 * memory.
 * `npm run bench:wide -- --hops 10000 --heap 96 --deadline 10000`
 */
import { createResolver } from '@hoptrace/core'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { recordWide } from './record-wide.js'
import { table } from './report.js'

const { values } = parseArgs({
  options: {
    hops: { type: 'string', default: '10000' },
    heap: { type: 'string', default: '96' },
    deadline: { type: 'string', default: '10000' },
    ask: { type: 'string' },
    dir: { type: 'string', default: '' },
  },
})

/** Resolves an id in this process, and prints the cost. */
async function ask(dir: string, id: string): Promise<void> {
  const resolver = createResolver({ dir, deadlineMillis: Number(values.deadline) })
  const { verdict, hops, partial, reads, elapsedMillis } = await resolver.resolve(id)
  const depth = hops.reduce((most, hop) => Math.max(most, hop.depth), 0)
  await resolver.close()
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(
    JSON.stringify([verdict, hops.length, depth, partial, elapsedMillis, reads.scans, reads.bytes, peak]),
  )
}

if (values.ask !== undefined) await ask(values.dir, values.ask)
else {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-wide-'))
  try {
    const id = await recordWide(dataDir, Number(values.hops))
    const node = [`--max-old-space-size=${values.heap}`, ...process.execArgv, fileURLToPath(import.meta.url)]
    const asked = ['--ask', id, '--dir', dataDir, '--deadline', values.deadline]
    const { stdout, stderr, status } = spawnSync(process.execPath, [...node, ...asked], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the resolver ended with ${status}: ${stderr.slice(-500)}`)
    const report = JSON.parse(stdout) as [string, number, number, boolean, number, number, number, number]
    const [verdict, hops, depth, partial, millis, scans, bytes, peak] = report
    const row = [
      verdict,
      hops,
      depth,
      partial,
      Math.round(millis),
      scans,
      (bytes / 2 ** 20).toFixed(1),
      Math.round(peak),
    ]
    const head = [
      'verdict',
      'hops',
      'levels below the entry',
      'partial',
      'ms',
      'scans',
      'MiB read',
      'most memory, MiB',
    ]
    console.log(table(head, [row.map(String)]))
    if (verdict !== 'completed' || hops !== Number(values.hops) || partial) process.exitCode = 1
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
