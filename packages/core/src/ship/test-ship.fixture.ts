import type { Ownership } from '../log/ownership.js'
import type { RunInfo } from '../rundir/run-info.js'
import type { HopRecord } from '../record/record.js'
import type { HopId } from '../id/types.js'
import { FileHopLog, type FileHopLogOptions } from '../log/file-hop-log.js'
import { testRun } from '../log/test-run.fixture.js'
import { claimRunDir, type OwnedRun } from '../rundir/index.js'
import { decodeSegment } from '../segment/decode.js'
import { foldVersions } from '../record/fold.js'
import type { Row, ScanRange, Store } from '../store/contract.js'
import type { InstanceRow, Registry, RegistryRows } from '../record/instance-row.js'
import { readSegmentKey, rowPrefix } from '../store/keys.js'
import { memoryStore } from '../store/memory.js'

/** A registry in memory. */
export class TestRegistry implements Registry {
  readonly rows = new Map<string, InstanceRow>()

  async list(): Promise<RegistryRows> {
    return { rows: [...this.rows.values()], unread: [] }
  }

  async put(row: InstanceRow): Promise<void> {
    this.rows.set(`${row.address} ${row.worker} ${row.startNanos}`, row)
  }

  async close(): Promise<void> {}

  row(run: RunInfo = testRun()): InstanceRow | undefined {
    return this.rows.get(`${run.address} ${run.worker} ${run.startNanos}`)
  }
}

/** A store in memory that fails on command, and records the keys of all puts. */
export class TestStore implements Store {
  readonly supports = { durable: false, shared: false, ttl: false }
  readonly puts: string[] = []
  /** The number of puts that still succeed. */
  allowed = Infinity
  /** The share of rows that a failing put still writes. */
  partly = 0
  private readonly inner = memoryStore()

  constructor(readonly url = 'memory:test') {}

  async open(): Promise<void> {}

  async put(rows: readonly Row[]): Promise<void> {
    if (this.allowed <= 0) {
      await this.inner.put(rows.slice(0, Math.ceil(rows.length * this.partly)))
      throw new Error('the store is away')
    }
    this.allowed--
    for (const { key } of rows) this.puts.push(Buffer.from(key).toString('hex'))
    await this.inner.put(rows)
  }

  scan(range: ScanRange): Promise<readonly Row[]> {
    return this.inner.scan(range)
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.inner.deleteRange?.(from, to)
  }

  async close(): Promise<void> {}
}

export interface StoredSegment {
  readonly window: number
  readonly lane: 'first' | 'late'
  readonly records: readonly HopRecord[]
}

/** All segments of a store, in key order. */
export async function segmentsOf(store: Store, windowMillis = 1000): Promise<StoredSegment[]> {
  const rows = await store.scan({
    from: Buffer.from([0]),
    to: Buffer.from([rowPrefix.businessKey]),
    limit: 1_000_000,
  })
  return rows.flatMap(({ key, value }) => {
    const parts = readSegmentKey(key)
    if (parts === undefined) return []
    const window = Number(parts.windowStartNanos / BigInt(windowMillis * 1_000_000))
    return [{ window, lane: parts.lane, records: decodeSegment(value).records }]
  })
}

/** Everything in a store by id, its versions folded. */
export async function recordsOf(store: Store): Promise<Map<HopId, HopRecord>> {
  const records = new Map<HopId, HopRecord>()
  for (const segment of await segmentsOf(store)) {
    for (const record of segment.records) {
      const known = records.get(record.hopId)
      records.set(record.hopId, known === undefined ? record : foldVersions(known, record))
    }
  }
  return records
}

/** Owns a run's directory, as the run's process does. */
export class TestOwnership implements Ownership {
  private owned: OwnedRun | undefined

  claim(runDir: string): void {
    if (this.held()) return
    this.release()
    this.owned = claimRunDir(runDir)
  }

  held(): boolean {
    return this.owned?.held() === true
  }

  moveOn(): void {}

  release(): void {
    this.owned?.release()
    this.owned = undefined
  }
}

export function testLog(runDir: string, options: Partial<FileHopLogOptions> = {}): FileHopLog {
  return new FileHopLog({ runDir, run: testRun, ...options })
}
