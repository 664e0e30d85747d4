import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { keyRows, levelStore, segmentRows, type Row, type Store } from '@hoptrace/core/store'
import { realisticInstance, realisticRecords } from '@hoptrace/testkit/store'

/**
 * Measures an embedded store under the loads of hoptrace: `npm run bench:embedded -- [adapter.mjs] [hops]`.
 * The default is hoptrace's own store. An adapter is a module that exports `open(dir)`, which resolves to
 * `put`, `scan`, `deleteRange` and `close` of a `Store`. So the benchmark can measure candidates that this
 * repository does not depend on.
 */
type Candidate = Pick<Store, 'put' | 'scan' | 'deleteRange' | 'close'>

const windowNanos = 10_000_000_000n
const fromNanos = 1_795_000_010_000_000_000n
const windowHops = 40_000
const everything = { from: Buffer.alloc(0), to: Buffer.from([255]), limit: 1_000_000 }

const [first = '', second = '', third = ''] = process.argv.slice(2)
/** A process that only writes: `--writer DIR NAME [adapter.mjs]`. */
const writes = first === '--writer'
const given = writes ? (process.argv[5] ?? '') : first
const adapter = given.endsWith('js') ? path.resolve(given) : ''
const hops = Number(adapter === '' ? first : second) || 400_000

async function open(dir: string): Promise<Candidate> {
  if (adapter === '') return levelStore({ dir, make: true })
  const { open: opened } = (await import(pathToFileURL(adapter).href)) as {
    open: (dir: string) => Promise<Candidate>
  }
  return opened(dir)
}

function* batches(count: number): Generator<Row[]> {
  for (let window = 0; window * windowHops < count; window++) {
    const windowStartNanos = fromNanos + BigInt(window) * windowNanos
    const records = realisticRecords({
      count: Math.min(windowHops, count - window * windowHops),
      fromNanos: windowStartNanos,
      everyNanos: 240_000,
      seed: window + 1,
    }).filter(({ hopId }) => BigInt(`0x${hopId.slice(0, 16)}`) < windowStartNanos + windowNanos)
    const meta = { service: 'payments', instance: realisticInstance }
    const { rows } = segmentRows({ meta, buckets: 1, windowNanos, windowStartNanos, lane: 'first', records })
    const all = [...rows, ...keyRows(records)]
    for (let at = 0; at < all.length; at += 1000) yield all.slice(at, at + 1000)
  }
}

function bytesOf(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)
}

async function speed(dir: string): Promise<void> {
  const made = [...batches(hops)]
  const store = await open(dir)
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (const rows of made) await store.put(rows)
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await store.close()
  console.log(
    `in: ${Math.round(hops / seconds)} hops/s, ${((user + system) / hops).toFixed(1)} µs of CPU a hop, ${(bytesOf(dir) / hops).toFixed(1)} bytes a hop`,
  )
  const reader = await open(dir)
  const keys = made.flat().map(({ key }) => key)
  const micros: number[] = []
  let before = process.cpuUsage()
  for (let i = 0; i < 6000; i++) {
    if (i === 3000) before = process.cpuUsage()
    const from = keys[(i * 7919) % keys.length] as Uint8Array
    const began = performance.now()
    const found = await reader.scan({ from, to: Buffer.concat([from, Buffer.alloc(1)]), limit: 1 })
    micros.push((performance.now() - began) * 1000)
    if (found.length !== 1) throw new Error('a row is missing')
  }
  const scanned = process.cpuUsage(before)
  micros.splice(0, 3000)
  micros.sort((a, b) => a - b)
  console.log(
    `point scan: p50 ${micros[1500]?.toFixed(0)} µs, p99 ${micros[2970]?.toFixed(0)} µs, ${((scanned.user + scanned.system) / 3000).toFixed(0)} µs of CPU`,
  )
  await reader.close()
}

/** Puts until it is killed, and prints what is acknowledged. */
async function writer(dir: string, name: string): Promise<void> {
  const store = await open(dir)
  process.on('disconnect', () => process.exit())
  for (let i = 0; ; i++) {
    await store.put([{ key: Buffer.from(`${name}${i}`), value: Buffer.alloc(2000, i) }])
    process.send?.(i)
  }
}

async function together(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true })
  const acknowledged = new Map<string, number>()
  let died = 0
  const children = ['a', 'b', 'c'].map((name) => {
    const args = ['--writer', dir, name, ...(adapter === '' ? [] : [adapter])]
    const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    child.on('message', (i: number) => acknowledged.set(name, i))
    child.on('exit', (code) => (died += code === null || code === 0 ? 0 : 1))
    return child
  })
  const under = (child: (typeof children)[number], i: number): boolean =>
    child.exitCode === null && (acknowledged.get(['a', 'b', 'c'][i] as string) ?? 0) < 50
  for (let waited = 0; waited < 120_000 && children.some(under); waited += 200) await sleep(200)
  for (const child of children) {
    if (child.exitCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const store = await open(dir)
  const found = new Set((await store.scan(everything)).map(({ key }) => Buffer.from(key).toString()))
  await store.close()
  let lost = 0
  for (const [name, last] of acknowledged)
    for (let i = 0; i <= last; i++) if (!found.has(`${name}${i}`)) lost++
  console.log(
    `3 writers, killed: ${died} could not write, ${found.size} rows, ${lost} acknowledged ones lost`,
  )
}

async function damage(dir: string): Promise<void> {
  const store = await open(dir)
  const put = Array.from({ length: 3000 }, (_, i) => ({
    key: Buffer.from(String(i).padStart(5, '0')),
    value: Buffer.alloc(100 + (i % 50), i),
  }))
  for (let at = 0; at < put.length; at += 300) await store.put(put.slice(at, at + 300))
  await store.close()
  const answers = { right: 0, rejected: 0, wrong: 0 }
  for (let n = 0; n < 200; n++) {
    const copy = mkdtempSync(path.join(tmpdir(), 'hoptrace-embedded-'))
    cpSync(dir, copy, { recursive: true, filter: (file) => !file.endsWith('.sock') })
    const files = readdirSync(copy, { recursive: true })
      .map((name) => path.join(copy, String(name)))
      .filter((file) => statSync(file).isFile() && statSync(file).size > 0)
    const total = files.reduce((sum, file) => sum + statSync(file).size, 0)
    let at = (n * 104_729 * 7919) % total
    const file = files.find((one) => (at -= statSync(one).size) < 0) as string
    const bytes = readFileSync(file)
    bytes[bytes.length + at] = (bytes[bytes.length + at] as number) ^ (1 << (n % 8))
    writeFileSync(file, bytes)
    try {
      const damaged = await open(copy)
      try {
        const rows = await damaged.scan(everything)
        const same =
          rows.length === put.length &&
          rows.every(({ value }, i) => Buffer.compare(value, put[i]?.value as Buffer) === 0)
        answers[same ? 'right' : 'wrong']++
      } finally {
        await damaged.close()
      }
    } catch {
      answers.rejected++
    }
    rmSync(copy, { recursive: true, force: true })
  }
  console.log(
    `200 flipped bits: ${answers.right} right, ${answers.rejected} rejected, ${answers.wrong} wrong answers`,
  )
}

async function giveBack(dir: string): Promise<void> {
  const store = await open(dir)
  for (let at = 0; at < 1000; at += 20)
    await store.put(
      Array.from({ length: 20 }, (_, i) => ({
        key: Buffer.from(`k${at + i}`),
        value: Buffer.alloc(50_000, 1),
      })),
    )
  const full = bytesOf(dir)
  await store.deleteRange?.(Buffer.from('k'), Buffer.from('l'))
  let left = bytesOf(dir)
  for (let i = 0; i < 20 && left > full / 10; i++) {
    await sleep(500)
    left = bytesOf(dir)
  }
  await store.close()
  console.log(
    `deleted ${(full / 1e6).toFixed(0)} MB: ${(left / 1e6).toFixed(1)} MB are left after ten seconds`,
  )
}

if (writes) await writer(second, third)
const dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-embedded-'))
try {
  for (const [name, part] of Object.entries({ speed, together, damage, giveBack })) {
    await part(path.join(dir, name)).catch((error: unknown) => console.log(`${name}: ${String(error)}`))
  }
} finally {
  if (existsSync(dir)) rmSync(dir, { recursive: true, force: true })
}
