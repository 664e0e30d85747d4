import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repo, run } from '../e2e/installed.fixture.js'
import { exportedChain, type Lake, type LakeAnswers } from './lake.fixture.js'

const install = path.join(repo, 'dev/servers/spark/install')
const python = path.join(
  process.env['SPARK_DEV_LIB'] ?? path.join(repo, 'dev/servers/.lib/spark'),
  'bin/python',
)
const example = path.join(repo, 'examples/spark')
const check = spawnSync(install, ['--check'], { encoding: 'utf8' })
const reason = check.status === 0 ? undefined : check.stdout.trim() || String(check.error)
const isRequired = process.env['HOPTRACE_REQUIRE_SERVERS'] === '1'
if (reason !== undefined && !isRequired) console.warn(`tests on a real Spark are skipped: ${reason}`)

describe.skipIf(reason !== undefined && !isRequired)('real Spark: examples/spark', () => {
  let lake: Lake
  beforeAll(async () => {
    const { code, stdout } = await run(install, repo, [])
    if (code !== 0) throw new Error(`dev/servers/spark/install: ${stdout}`)
    lake = await exportedChain()
  }, 1_800_000)
  afterAll(() => lake[Symbol.asyncDispose]())

  it('batch.py finds the graph, the latencies and the deaths that the resolver finds', async () => {
    const { code, stdout, stderr } = await run(python, example, ['batch.py', lake.dir, '--json'])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual(lake.expected)
  })

  it('stream.py finds the same once the last file has come, and takes no file twice', async () => {
    const growing = path.join(lake.dataDir, 'growing')
    const files = readdirSync(lake.dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.parquet'),
    )
    const [first = '', ...others] = files
    add(lake.dir, growing, first)
    const args = ['stream.py', growing, path.join(lake.dataDir, 'checkpoint')]
    const child = spawn(python, args, { cwd: example, stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const answers = answersOf(child)
      const { value: one } = await answers.next()
      expect((one as LakeAnswers).latency).not.toEqual(lake.expected.latency)
      for (const file of others) add(lake.dir, growing, file)
      for await (const answer of answers)
        if (answer.latency.length === lake.expected.latency.length) {
          // The files come one by one, so the last hops may be in a later batch.
          const { graph, latency, deaths } = answer
          if (JSON.stringify(latency) === JSON.stringify(lake.expected.latency)) {
            expect({ graph, latency, deaths }).toEqual(lake.expected)
            return
          }
        }
      throw new Error('stream.py ended')
    } finally {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    }
  })
})

/** A file that appears whole, as an export's files do. */
function add(from: string, to: string, file: string): void {
  mkdirSync(path.dirname(path.join(to, file)), { recursive: true })
  linkSync(path.join(from, file), path.join(to, file))
}

async function* answersOf(child: ChildProcess): AsyncGenerator<LakeAnswers, undefined> {
  if (child.stdout === null) return
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('{')) yield JSON.parse(line) as LakeAnswers
}
