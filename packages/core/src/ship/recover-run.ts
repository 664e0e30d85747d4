import type { RunInfo } from '../rundir/run-info.js'
import { setImmediate } from 'node:timers/promises'
import { deleteRunDir, logDirOf, type OwnedRun } from '../rundir/index.js'
import { ByteCounts } from '../record/byte-counts.js'
import type { Store } from '../store/contract.js'
import { readLost } from '../log/lost-file.js'
import { runName, type DroppedRange, type Registry } from '../record/instance-row.js'
import { runRow } from '../rundir/run-row.js'
import { RunShipping } from './run-shipping.js'

export interface RecoveredRun {
  readonly runDir: string
  readonly run: RunInfo
  /** Hops shipped by this recovery. */
  readonly hops: number
  /** Of these, the hops that the run had left open. */
  readonly interrupted: number
  /** Unreadable parts of its log. */
  readonly damage: number
  /** Its log says that it ended: only the rest was to be shipped. */
  readonly ended: boolean
}

/** The number of hops to keep in memory while reading a log; above it, they are cut. */
const maxHops = 100_000

/**
 * Ships the log of a dead run: the unacknowledged cut again, everything else into the late lane, open hops as
 * `interrupted`. Then it writes the row as `dead` and deletes the directory. It may be killed at any point
 * and repeated, because each step is in the journal before it is made.
 */
export async function recoverRun(
  owned: OwnedRun,
  store: Store,
  registry: Registry,
): Promise<RecoveredRun | undefined> {
  const { runDir } = owned
  const engine = new RunShipping({ runDir, store, dead: true })
  try {
    engine.load()
    const lost = readLost(runDir)
    if (lost.damaged) engine.table.damaged()
    let interrupted = 0
    if (!engine.done) {
      await engine.send()
      while (engine.poll() > 0) {
        await setImmediate()
        if (engine.table.size >= maxHops && engine.cut({ below: null, firstBelow: 0 })) await engine.send()
      }
      for (const { record } of engine.table.hops()) if (record.state !== 'closed') interrupted++
      if (engine.cut({ below: null, firstBelow: 0, interrupt: true })) await engine.send()
    }
    const { run, table, shipped } = engine
    if (run === undefined) return undefined
    if (!engine.done)
      await registerDead(runDir, run, engine, { storeUrl: store.url, registry, lost: lost.range })
    engine.finish()
    deleteRunDir(owned)
    return { runDir, run, hops: shipped, interrupted, damage: table.damage + table.late, ended: table.ended }
  } finally {
    engine.close()
  }
}

async function registerDead(
  runDir: string,
  run: RunInfo,
  engine: RunShipping,
  { storeUrl, registry, lost }: { storeUrl: string; registry: Registry; lost: DroppedRange | undefined },
): Promise<void> {
  const { table, shipped, position } = engine
  const known = (await registry.list()).rows.find((row) => runName(row) === runName(run))
  // Another process considered it dead before it owned the directory, so it continued in another one with all
  // of its log.
  if (known !== undefined && known.logDir !== logDirOf(runDir)) return
  // A run that closed in order and left nothing stays `stopped`.
  if (known?.state === 'stopped' && shipped === 0 && lost === undefined) return
  const through = known?.shippedThroughNanos ?? 0n
  const dropped = engine.dropped(lost)
  const bytes = new ByteCounts()
  bytes.addAll(known?.bytes)
  bytes.addAll(engine.bytes.entries)
  const row = runRow(run, {
    runDir,
    stores: [...(known?.stores.filter((url) => url !== storeUrl) ?? []), storeUrl],
    ...(known?.keepsSeconds === undefined ? {} : { keepsSeconds: known.keepsSeconds }),
    bytes: bytes.entries,
    deletedBeforeNanos: known?.deletedBeforeNanos,
    heartbeatMillis: known?.heartbeatMillis ?? Number(table.markedNanos / 1_000_000n),
    shippedThroughNanos: table.markedNanos > through ? table.markedNanos : through,
    dropped: dropped.length >= (known?.dropped.length ?? 0) ? dropped : (known?.dropped ?? []),
    loggedThrough: [position.file, position.offset],
    state: 'dead',
  })
  await registry.put(row)
}
