/**
 * Flame graphs of a saturated hello world on fastify with hoptrace: of the thread that answers requests, and
 * of the one that ships what they recorded. They are drawn from what `--cpu-prof` writes, without the
 * server's start.
 * `npm run bench:flame -- --seconds 8 --node 24`
 */
import autocannon from 'autocannon'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { framesOf, type CpuProfile } from './cpu-profile.js'
import { flameGraph } from './flame-graph.js'
import { nodeOf } from './node-line.js'
import { leafAlone, withServer } from './server-load.js'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '8' }, node: { type: 'string', default: '24' } },
})
/** The threads by Node's numbers. */
const pictures = [
  { thread: 0, file: 'docs/pictures/flame-request.svg', title: 'the thread that answers requests' },
  { thread: 1, file: 'docs/pictures/flame-shipping.svg', title: 'the thread that ships what they recorded' },
]

const node = await nodeOf(values.node)
const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-flame-'))
try {
  const [from, to] = await withServer('fastify', 'hoptrace', leafAlone, load, [
    node.execPath,
    // Its modules are then the copies of the sources, and not the bundles of the packages.
    '--preserve-symlinks-main',
    `--import=${new URL('../servers/profile-threads.mjs', import.meta.url).href}`,
    '--cpu-prof',
    `--cpu-prof-dir=${dir}`,
  ])
  for (const { thread, file, title } of pictures) {
    const root = framesOf(profileOf(thread), from, to)
    if (root.micros === 0) throw new Error(`the profile of thread ${thread} has no time under load`)
    const of = `${Math.round((100 * root.micros) / (to - from))} % of the time`
    writeFileSync(
      file,
      flameGraph(`fastify + hoptrace, Node ${node.version}: ${title}, busy for ${of}`, root),
    )
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}

/** Puts the server under load. Resolves with when the part that counts began and ended. */
async function load(url: string): Promise<[number, number]> {
  await autocannon({ url, connections: 50, duration: 3 })
  const from = monotonicMicros()
  await autocannon({ url, connections: 50, duration: Number(values.seconds) })
  return [from, monotonicMicros()]
}

function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Files are named `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`. */
function profileOf(thread: number): CpuProfile {
  const file = readdirSync(dir).find((name) => Number(name.split('.')[4]) === thread)
  if (file === undefined) throw new Error(`thread ${thread} has written no profile`)
  return JSON.parse(readFileSync(path.join(dir, file), 'utf8')) as CpuProfile
}
