import { ByteCounts } from '../record/byte-counts.js'
import { SingleFlight } from '../base/single-flight.js'
import type { RunInfo } from '../rundir/run-info.js'
import { setImmediate } from 'node:timers/promises'
import { HopTable } from '../log/hop-table.js'
import { comparePositions, type LogPosition, LogTail } from '../log/log-tail.js'
import type { LoggedHop } from '../log/logged-hop.js'
import { listLogFiles, logFileName } from '../rundir/run-dir.js'
import { deleteRunFile } from '../rundir/index.js'
import type { Store } from '../store/contract.js'
import type { DroppedRange } from '../record/instance-row.js'
import { readCheckpoint, takeCheckpoint } from '../log/checkpoint.js'
import { type CheckpointRecord, type CutRecord, Journal } from '../log/journal.js'
import { countRows } from '../store/count-rows.js'
import { changedHops, firstNeededFile } from './changed-hops.js'
import { CutWindows, placeOf } from './cut-windows.js'
import { batches, buildShipment, freeLayout, layoutOf, type Shipment, versionsOf } from './shipment.js'

export interface RunShippingOptions {
  readonly runDir: string
  readonly store: Store
  /** The run has ended: its log no longer grows, and its first lanes are closed. */
  readonly dead?: boolean
}

/** The hops to cut. */
export interface CutOrder {
  /** Hops below this place (see `placeOf`); null for all. */
  readonly below: number | null
  /** The first lane is open to windows that begin below this place. */
  readonly firstBelow: number
  /** The run has ended: its open hops are interrupted. */
  readonly interrupt?: boolean
}

const chunkBytes = 1 << 20
/**
 * The maximum number of closed hops that wait for calls. Some calls never end (a message without an answer).
 */
const maxLingering = 10_000

/**
 * The state of shipping one run, both for a living run and for recovery.
 *
 * The shipper reads the log into a table of hops. A *cut* takes the hops of finished windows out of the table
 * and fixes the keys of their segments. The cut is in the journal before its first put, and acknowledged
 * after its last. So after a crash, the next owner repeats exactly the unacknowledged cut, under the same
 * keys, and the store never holds overlapping first-lane segments.
 *
 * Memory is bounded by the table (the caller stops polling when it is full) and one shipment of it, encoded.
 */
export class RunShipping {
  readonly table = new HopTable(true)
  pending: Shipment | undefined
  /** Hops that the store has acknowledged, each counted once. */
  shipped = 0
  done = false
  /** Of the rows that the store has acknowledged. */
  readonly bytes = new ByteCounts()
  readonly windows = new CutWindows()

  private readonly runDir: string
  private readonly store: Store
  private readonly journal: Journal
  private readonly dead: boolean
  private tail: LogTail
  private cuts: CutRecord[] = []
  /** Closed hops that are shipped and wait for the end of a call, oldest first. */
  private readonly lingering = new Set<LoggedHop>()
  private lastNumber = 0
  private firstFile = 0
  private journalBroken = false
  private readonly sending = new SingleFlight(() => this.putPending())
  private syncing: Promise<void> | undefined

  constructor(options: RunShippingOptions) {
    this.runDir = options.runDir
    this.store = options.store
    this.dead = options.dead ?? false
    this.journal = new Journal(this.runDir)
    this.tail = new LogTail(this.runDir, this.table, { complete: this.dead })
  }

  get run(): RunInfo | undefined {
    return this.table.run
  }

  /** Restores the state from the journal. Throws file system errors. */
  load(): void {
    const { records, damage } = this.journal.read()
    const checkpoint = records.findLast((record) => record.type === 'checkpoint')
    if (checkpoint !== undefined) this.resume(checkpoint)
    const acked = new Set(records.flatMap((record) => (record.type === 'ack' ? [record.number] : [])))
    for (const record of records) {
      if (record.type === 'done') this.done = true
      if (record.type === 'cut')
        this.replay(record, acked.has(record.number), record.number <= (checkpoint?.number ?? 0))
    }
    if (damage > 0) {
      for (let i = 0; i < damage; i++) this.table.damaged()
      this.windows.closeBelow(this.windowAt(Date.now()) + 1)
    }
  }

  /** What the run lost: what its log says, and what that cannot say yet. */
  dropped(unsaid?: DroppedRange): DroppedRange[] {
    return unsaid === undefined ? this.table.dropped : [...this.table.dropped, unsaid]
  }

  /** How much of the log has been read. */
  get position(): LogPosition {
    return this.tail.position
  }

  /**
   * When it resolves, the log read so far survives the end of the machine, if the disk keeps its promise. One
   * call at a time.
   */
  sync(): Promise<void> {
    this.syncing ??= this.tail
      .sync()
      .catch(() => undefined)
      .finally(() => (this.syncing = undefined))
    return this.syncing
  }

  /** Reads more of the log. Returns the number of bytes; 0 at the current end. */
  poll(): number {
    return this.tail.poll(chunkBytes)
  }

  /** Makes a cut, unless it would be empty. Only if none is pending. */
  cut(order: CutOrder): boolean {
    const { run } = this.table
    if (this.pending !== undefined || run === undefined) return false
    if (order.interrupt === true) this.table.interrupt()
    const changed = changedHops(this.table, order.below)
    if (changed.size === 0) {
      this.windows.closeBelow(order.below)
      return false
    }
    const number = ++this.lastNumber
    const batch = this.windows.nextBatch()
    const isFirst = (place: number): boolean =>
      !this.dead && !this.journalBroken && Math.floor(place) < order.firstBelow && this.windows.isOpen(place)
    let made = buildShipment(number, run, this.table.packed, changed, freeLayout(batch, isFirst))
    const record: CutRecord = {
      type: 'cut',
      number,
      position: [this.tail.position.file, this.tail.position.offset],
      below: order.below,
      interrupt: order.interrupt ?? false,
      cutBelow: this.windows.below,
      cutEarly: this.windows.cutEarly,
      first: made.first,
      late: made.late,
      batch: String(batch),
    }
    try {
      if (this.journalBroken) throw new Error('the journal cannot be written')
      this.journal.append(record)
      this.cuts.push(record)
    } catch {
      // Without a journal (a full disk), nothing may go into a first lane: after a crash there would be a
      // second, overlapping cut.
      this.journalBroken = true
      const late = freeLayout(batch, () => false)
      made = buildShipment(number, run, this.table.packed, changed, late)
    }
    this.closeWindows(record)
    this.pending = made.shipment
    return true
  }

  /** Puts the pending cut. Rejects if the store does not accept it; then it stays pending. */
  send(): Promise<void> {
    return this.sending.run()
  }

  /**
   * Every hop that began, by its own clock, up to here is in the store in some version, unless it is within a
   * dropped range. The watermark stays below every other hop, and below the last mark of the log: a hop after
   * that mark may have begun and be neither in the log nor in the store.
   */
  watermark(): bigint {
    let through = this.table.markedNanos
    const packedNanos = this.table.packed.firstStartNanos()
    if (packedNanos !== undefined && packedNanos <= through) through = packedNanos - 1n
    for (const { shippedVersion, record } of this.table.hops()) {
      if (shippedVersion === -1 && record.startNanos <= through) through = record.startNanos - 1n
    }
    return through
  }

  /**
   * Deletes files that are no longer needed. First it copies their open hops into the journal,
   * so that a hop that is open for an hour does not keep an hour of log. False if the disk refuses.
   */
  compact(): boolean {
    if (this.pending !== undefined) return true
    const keepFrom = firstNeededFile(this.table, this.tail.position.file)
    if (keepFrom <= this.firstFile && !this.journalBroken) return true
    const cuts = this.cuts.filter(({ position: [file] }) => file >= keepFrom)
    const { below: cutBelow, cutEarly } = this.windows
    const state = {
      firstFile: keepFrom,
      known: this.tail.position,
      cutBelow,
      cutEarly,
      number: this.lastNumber,
    }
    try {
      const acks = cuts.map(({ number: acked }) => ({ type: 'ack', number: acked }) as const)
      this.journal.rewrite([takeCheckpoint(this.table, state), ...cuts, ...acks])
    } catch {
      return false
    }
    this.cuts = cuts
    this.journalBroken = false
    this.firstFile = keepFrom
    for (const file of listLogFiles(this.runDir)) {
      if (file < keepFrom) deleteRunFile(this.runDir, logFileName(file))
    }
    return true
  }

  /** Everything is shipped and registered, so any process may delete the directory. */
  finish(): void {
    try {
      this.journal.append({ type: 'done' })
    } catch {
      // The disk is full, so continue and delete. If we crash while deleting, the remaining files are shipped
      // a second time.
    }
    this.close()
    for (const file of listLogFiles(this.runDir)) deleteRunFile(this.runDir, logFileName(file))
  }

  close(): void {
    this.tail.close()
    this.journal.close()
  }

  windowAt(millis: number): number {
    return Math.floor(this.placeAt(millis))
  }

  /** @see placeOf */
  placeAt(millis: number): number {
    return placeOf(millis, this.table.run?.windowMillis ?? 1)
  }

  private resume(checkpoint: CheckpointRecord): void {
    const { firstFile, cutBelow, cutEarly, number } = checkpoint
    readCheckpoint(this.table, checkpoint)
    this.firstFile = firstFile
    this.windows.closeBelow(cutBelow)
    this.windows.close(cutEarly)
    this.lastNumber = number
    this.tail.close()
    this.tail = new LogTail(this.runDir, this.table, {
      from: { file: firstFile, offset: 0 },
      knownThrough: position(checkpoint.known),
      complete: this.dead,
    })
  }

  /** @param past The cut is older than the checkpoint, whose hops already include its result. */
  private replay(record: CutRecord, acked: boolean, past: boolean): void {
    const until = position(record.position)
    while (comparePositions(this.tail.position, until) < 0 && this.tail.poll(chunkBytes, until) > 0);
    // The log once reached this position. If it is shorter now, it was truncated, or replaced by an older
    // copy.
    if (comparePositions(this.tail.position, until) < 0) this.table.damaged()
    if (record.interrupt) this.table.interrupt()
    const changed = changedHops(this.table, record.below, ({ restored }) => !(past && restored))
    this.lastNumber = Math.max(this.lastNumber, record.number)
    this.cuts.push(record)
    const { run } = this.table
    if (acked || run === undefined) {
      this.acknowledge({
        number: record.number,
        rows: [],
        windows: changed,
        versions: versionsOf(changed),
        sweeps: this.table.packed.sweeps,
      })
      this.shipped = 0
    } else {
      this.pending = buildShipment(record.number, run, this.table.packed, changed, layoutOf(record)).shipment
    }
    if (past) return
    this.windows.closeBelow(record.cutBelow)
    this.windows.close(record.cutEarly)
    this.closeWindows(record)
  }

  /** What this cut has put into the first lane is closed to it; so is all below the place of the cut. */
  private closeWindows({ below, first }: CutRecord): void {
    if (below === null) this.windows.close(first.map(([window]) => window))
    this.windows.closeBelow(below)
  }

  private async putPending(): Promise<void> {
    const { pending } = this
    if (pending === undefined) return
    for (const rows of batches(pending.rows)) await this.store.put(rows)
    countRows(this.bytes, pending.rows)
    this.pending = undefined
    this.acknowledge(pending)
    try {
      if (!this.journalBroken) this.journal.append({ type: 'ack', number: pending.number })
    } catch {
      this.journalBroken = true
    }
    await setImmediate()
  }

  private acknowledge({ windows, versions, sweeps }: Shipment): void {
    const { packed } = this.table
    // Where damage took an acknowledgement from the journal, a later cut has the same hops.
    const holds = sweeps === packed.sweeps
    for (const members of windows.values()) {
      for (const hop of members) {
        if (typeof hop !== 'number') this.acknowledged(hop, versions.get(hop) as number)
        else if (holds) this.acknowledgedSlot(hop)
      }
    }
    packed.sweep()
    for (const hop of this.lingering) {
      if (this.lingering.size <= maxLingering) break
      this.lingering.delete(hop)
      this.table.evict(hop)
    }
  }

  private acknowledgedSlot(slot: number): void {
    const { packed } = this.table
    const hop = packed.takenFrom(slot)
    if (hop !== undefined) return this.acknowledged(hop, 1)
    packed.remove(slot)
    this.shipped++
  }

  private acknowledged(hop: LoggedHop, version: number): void {
    if (hop.shippedVersion === -1) this.shipped++
    hop.shippedVersion = version
    if (hop.dirty) return
    hop.keysPending = false
    this.lingering.delete(hop)
    if (hop.complete) this.table.remove(hop)
    else if (hop.record.state !== 'open') this.lingering.add(hop)
  }
}

function position([file, offset]: readonly [number, number]): LogPosition {
  return { file, offset }
}
