import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileHopLog } from '../log/file-hop-log.js'
import { baseNanos, testCall, testClose, testHop, testRun, testRunDir } from '../log/test-run.fixture.js'
import { bootId, claimRunDir } from '../rundir/index.js'
import type { Row, Store } from '../store/contract.js'
import { levelStore } from '../store/level/level-store.js'
import { memoryStore } from '../store/memory.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { shipDeadRuns } from './adopt.js'
import { Shipper } from './shipper.js'
import { clusterKeys, ensureDataDirKey } from '../key/index.js'

const [mode, dataDir = '', ...rest] = process.argv.slice(2)
const own = clusterKeys(ensureDataDirKey(dataDir), false)
const keys = () => own

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

function logOf(name: string, hops: number, first: number, diagnostics = (_: string) => {}): FileHopLog {
  const run = testRun({ startNanos: baseNanos + BigInt(first), boot: bootId() })
  const log = new FileHopLog({
    runDir: testRunDir(dataDir, name),
    run: () => run,
    diagnostics,
  })
  for (let i = 0; i < hops; i++) log.close(testHop(first + i), testClose())
  return log
}

/** A service with answered requests, one open request, and a store that accepts nothing. */
async function live(name: string, hops: number, first: number): Promise<void> {
  claimRunDir(testRunDir(dataDir, name))
  const log = logOf(name, hops, first)
  const open = testHop(first + hops)
  log.call(open, testCall(0))
  log.event(open, 'order.accepted', 5, { items: 3 })
  log.mark(baseNanos + BigInt(first + hops))
  const away: Store = {
    ...memoryStore(),
    open: () => Promise.resolve(),
    put: () => Promise.reject(new Error('away')),
    url: 'memory:away',
    supports: { durable: false, shared: false, ttl: false },
    scan: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  }
  const shipper = new Shipper({
    runDir: testRunDir(dataDir, name),
    run: testRun({ startNanos: baseNanos + BigInt(first) }),
    store: away,
    registry: fileRegistry(dataDir, keys),
    graceMillis: 0,
  })
  await shipper.start()
  say('ready')
  await sleep(120_000)
}

/** Adopts dead runs; kills itself after this many rows. */
async function adopt(rows: number): Promise<void> {
  let left = rows
  const openStore = (): Store => {
    const inner = levelStore({ dir: path.join(dataDir, 'store'), make: true })
    const put = async (batch: readonly Row[]): Promise<void> => {
      for (const row of batch) {
        if (left-- <= 0) process.kill(process.pid, 'SIGKILL')
        await inner.put([row])
      }
    }
    return {
      url: inner.url,
      supports: inner.supports,
      open: () => inner.open(),
      put,
      scan: (range) => inner.scan(range),
      close: () => inner.close(),
    }
  }
  const { adopted, left: leftOver } = await shipDeadRuns({
    dataDir,
    registry: fileRegistry(dataDir, keys),
    openStore,
  })
  say({ adopted: adopted.map(({ runDir, hops }) => ({ run: path.basename(runDir), hops })), left: leftOver })
}

/** Writes until the file system refuses, and then some more. */
function fill(hops: number): void {
  const said: string[] = []
  const log = logOf('full', hops, 0, (code) => said.push(code))
  log.mark(baseNanos)
  const deadline = Date.now() + 1500
  let n = hops
  while (Date.now() < deadline) log.close(testHop(n++), testClose())
  log.end()
  say({ stats: log.stats(), said, tried: n })
}

if (mode === 'live') await live(rest[0] ?? 'run', Number(rest[1]), Number(rest[2] ?? 0))
if (mode === 'adopt') await adopt(Number(rest[0] ?? Infinity))
if (mode === 'fill') fill(Number(rest[0]))
