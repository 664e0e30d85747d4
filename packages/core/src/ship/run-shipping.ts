import type { RunInfo } from '../rundir/run-info.js'
import { setImmediate } from 'node:timers/promises'
import { HopTable } from '../log/hop-table.js'
import { comparePositions, type LogPosition, LogTail } from '../log/log-tail.js'
import type { LoggedHop } from '../log/logged-hop.js'
import { listLogFiles, logFileName } from '../rundir/run-dir.js'
import { deleteRunFile } from '../rundir/index.js'
import type { Store } from '../store/contract.js'
import { readCheckpoint, takeCheckpoint } from '../log/checkpoint.js'
import { type CheckpointRecord, type CutRecord, Journal } from '../log/journal.js'
import { changedHops, firstNeededFile } from './changed-hops.js'
import { CutWindows } from './cut-windows.js'
import { batches, buildShipment, byWindow, freeLayout, layoutOf, type Shipment } from './shipment.js'

export interface RunShippingOptions {
  readonly runDir: string
  readonly store: Store
  /** The run is over: nobody writes its log any more, and its first lanes are closed. */
  readonly dead?: boolean
}

/** What to cut. */
export interface CutOrder {
  /** Windows below; null for all. */
  readonly below: number | null
  /** The first lane is open to windows below. */
  readonly firstBelow: number
  /** The run is over: what is open is interrupted. */
  readonly interrupt?: boolean
}

const chunkBytes = 1 << 20
/** Calls of closed hops that never end (a message that nobody answers) do not fill the memory. */
const maxLingering = 10_000

/**
 * The state of shipping one run, for a living run and for recovery alike: the table of its hops, the cuts in its journal,
 * the one shipment that is on its way. A cut is in the journal before its first put and acknowledged after its last,
 * so whoever goes on after a crash repeats exactly the cut that was not acknowledged, under the same keys.
 *
 * Memory is bounded by the table (the caller stops polling when it is full) and one shipment of it, encoded.
 */
export class RunShipping {
  readonly table = new HopTable()
  pending: Shipment | undefined
  /** Hops that the store acknowledged, each once. */
  shipped = 0
  done = false
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
  private sending: Promise<void> | undefined
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

  /** Goes back to where the journal says that shipping was. Throws what the file system throws. */
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

  /** Up to where the log is read. */
  get position(): LogPosition {
    return this.tail.position
  }

  /** Lets what is in the log survive the end of the machine, as far as the disk does. One call at a time. */
  sync(): Promise<void> {
    this.syncing ??= this.tail
      .sync()
      .catch(() => undefined)
      .finally(() => (this.syncing = undefined))
    return this.syncing
  }

  /** Reads on. Returns the bytes that were read; 0 at the end of what there is. */
  poll(): number {
    return this.tail.poll(chunkBytes)
  }

  /** Makes a cut, unless there is nothing in it. Only when none is pending. */
  cut(order: CutOrder): boolean {
    const { run } = this.table
    if (this.pending !== undefined || run === undefined) return false
    if (order.interrupt === true) this.table.interrupt()
    const members = changedHops(this.table, order.below)
    if (members.length === 0) {
      this.windows.closeBelow(order.below)
      return false
    }
    const number = ++this.lastNumber
    const batch = this.windows.nextBatch()
    const grouped = byWindow(members, run.windowMillis)
    const isFirst = (window: number): boolean =>
      !this.dead && !this.journalBroken && window < order.firstBelow && this.windows.isOpen(window)
    let made = buildShipment(number, run, grouped, freeLayout(batch, isFirst))
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
      // Without a journal (a full disk) nothing may go into a first lane: a crash would lead to a second, overlapping cut.
      this.journalBroken = true
      const late = freeLayout(batch, () => false)
      made = buildShipment(number, run, grouped, late)
    }
    this.windows.close(record.first.map(([window]) => window))
    this.windows.closeBelow(order.below)
    this.pending = made.shipment
    return true
  }

  /** Sends what is pending. Rejects when the store does not take it; it stays pending then. */
  send(): Promise<void> {
    this.sending ??= this.putPending().finally(() => {
      this.sending = undefined
    })
    return this.sending
  }

  /**
   * Every hop that began, by its own clock, up to here is in the store in some version, unless it is within a dropped
   * range. It stops short of every hop that is not, and of the last mark of the log: what is not marked may have begun
   * and be neither in the log nor in the store.
   */
  watermark(): bigint {
    let through = this.table.markedNanos
    for (const { shippedVersion, record } of this.table.hops()) {
      if (shippedVersion === -1 && record.startNanos <= through) through = record.startNanos - 1n
    }
    return through
  }

  /**
   * Deletes the files that are not needed any more. Hops of theirs that are still open are carried over into the journal
   * first, so that one that is open for an hour does not keep an hour of log. False when the disk refuses.
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

  /** All is shipped and registered: the directory may be deleted by whoever comes. */
  finish(): void {
    try {
      this.journal.append({ type: 'done' })
    } catch {
      // The disk is full: deleting is what helps. Only who is killed while deleting leaves something to be shipped again.
    }
    this.close()
    for (const file of listLogFiles(this.runDir)) deleteRunFile(this.runDir, logFileName(file))
  }

  close(): void {
    this.tail.close()
    this.journal.close()
  }

  windowAt(millis: number): number {
    return Math.floor(millis / (this.table.run?.windowMillis ?? 1))
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

  /** @param past It was made before the checkpoint, whose hops already say what came of it. */
  private replay(record: CutRecord, acked: boolean, past: boolean): void {
    const until = position(record.position)
    while (comparePositions(this.tail.position, until) < 0 && this.tail.poll(chunkBytes, until) > 0);
    // The log was read that far once: an older copy of it was put back, or it was cut.
    if (comparePositions(this.tail.position, until) < 0) this.table.damaged()
    if (record.interrupt) this.table.interrupt()
    const members = changedHops(this.table, record.below).filter(({ restored }) => !(restored && past))
    this.lastNumber = Math.max(this.lastNumber, record.number)
    this.cuts.push(record)
    const { run } = this.table
    if (acked || run === undefined) {
      this.acknowledge({
        number: record.number,
        rows: [],
        hops: members,
        versions: members.map(({ version }) => version),
      })
      this.shipped = 0
    } else {
      this.pending = buildShipment(
        record.number,
        run,
        byWindow(members, run.windowMillis),
        layoutOf(record),
      ).shipment
    }
    if (past) return
    this.windows.closeBelow(record.cutBelow)
    this.windows.close(record.cutEarly)
    this.windows.close(record.first.map(([window]) => window))
    this.windows.closeBelow(record.below)
  }

  private async putPending(): Promise<void> {
    const { pending } = this
    if (pending === undefined) return
    for (const rows of batches(pending.rows)) await this.store.put(rows)
    this.pending = undefined
    this.acknowledge(pending)
    try {
      if (!this.journalBroken) this.journal.append({ type: 'ack', number: pending.number })
    } catch {
      this.journalBroken = true
    }
    await setImmediate()
  }

  private acknowledge({ hops, versions }: Shipment): void {
    for (let i = 0; i < hops.length; i++) {
      const hop = hops[i] as LoggedHop
      if (hop.shippedVersion === -1) this.shipped++
      hop.shippedVersion = versions[i] as number
      if (hop.dirty) continue
      hop.keysPending = false
      this.lingering.delete(hop)
      if (hop.complete) this.table.remove(hop)
      else if (hop.record.state !== 'open') this.lingering.add(hop)
    }
    for (const hop of this.lingering) {
      if (this.lingering.size <= maxLingering) break
      this.lingering.delete(hop)
      this.table.evict(hop)
    }
  }
}

function position([file, offset]: readonly [number, number]): LogPosition {
  return { file, offset }
}
