import { timing } from '../base/timing.js'
import type { RunInfo } from '../rundir/run-info.js'
import { limits } from '../record/limits.js'
import type { HopRecord, InstanceRef } from '../record/record.js'
import type { HopId } from '../id/types.js'
import type { DroppedRange } from '../record/instance-row.js'
import { ByteReader, MalformedEntry } from './byte-reader.js'
import { addDropped } from './drops.js'
import { bootId } from '../rundir/index.js'
import { headerBytes, kind, opening, routed, textBytes } from './format.js'
import { LoggedHop, snapshotRecord } from './logged-hop.js'
import { PackedHops } from './packed-hops.js'
import {
  openedRecord,
  passLeaf,
  readCall,
  readCallEnd,
  readClose,
  readEvent,
  readHopAttributes,
  readKey,
  readOpening,
  readRoute,
  withinLimit,
} from './read-entries.js'
import { decodeRunInfo } from '../rundir/run-dir.js'

/** Later than any hop. */
const neverNanos = 1n << 64n

/**
 * The hops of a log that still have something to ship, and what the log says about its run. Built entry by
 * entry. Content is checked, never trusted: an invalid entry is counted in `damage`.
 */
export class HopTable {
  run: RunInfo | undefined
  /** The text of the newest header, and its signature. Only a process with the key can verify it. */
  header = { text: '', mac: '' }
  /** Every hop that began up to here is or was in the table, unless it is within `dropped`. */
  markedNanos = 0n
  /** The latest start of a hop or run, or mark, that was read. */
  newestNanos = 0n
  crash: string | null = null
  ended = false
  dropped: DroppedRange[] = []
  /** Damaged sections of the log, and unreadable entries and references. */
  damage = 0
  /** Entries of hops that were completely shipped before. */
  late = 0
  /** Hops with key rows to ship, in log order; the shipper empties the list. */
  keyed: LoggedHop[] = []
  /**
   * The current file says that another one follows; `closedFile`: that entry, or the run's end, was its last.
   */
  rotated = false
  closedFile = false
  private before: { readonly file: number; readonly offset: number } | undefined
  private readonly byNumber = new Map<number, LoggedHop>()
  private readonly byId = new Map<HopId, LoggedHop>()
  private readonly byAssigned = new Map<HopId, LoggedHop>()
  /** Closed hops of one entry, unless the table keeps all hops as objects. */
  readonly packed = new PackedHops()
  private readonly packs: boolean
  private readonly read = new ByteReader()
  private instance: InstanceRef | undefined
  private file = 0
  /** The last mark that was read, at its place in the log. Marks of deleted files are unknown. */
  private passedNanos = 0n
  private gapFromNanos: bigint | undefined
  private headed = false
  /** Local numbers below this were assigned in files that have been deleted; their hops are fully shipped. */
  private retiredBelow = 0

  /** @param packs Keep closed hops of one entry in `packed`: for a reader that takes hops one at a time. */
  constructor(packs = false) {
    this.packs = packs
  }

  get size(): number {
    return this.byId.size + this.packed.size
  }

  /** A hop; of a packed one, an object that is not in the table. */
  get(id: HopId): LoggedHop | undefined {
    return this.byId.get(id) ?? this.packedAt(this.packed.slotOf(id))
  }

  /** The hop with this assigned id, if it did not take that id. */
  getAssigned(id: HopId): LoggedHop | undefined {
    return this.byAssigned.get(id)
  }

  /** The hops that are not packed, in log order. */
  hops(): IterableIterator<LoggedHop> {
    return this.byId.values()
  }

  /** The newest header names the run of the log. */
  setRun(run: RunInfo): void {
    this.run = run
    this.instance = { address: run.address, worker: run.worker, startNanos: run.startNanos }
    this.packed.setRun(run.service, this.instance)
    // Every file begins with a header. Its time says nothing about when the file was written, so it ends no
    // gap.
    if (run.startNanos > this.newestNanos) this.newestNanos = run.startNanos
  }

  /** Adds a hop from a checkpoint. */
  restore(hop: LoggedHop): void {
    this.byNumber.set(hop.number, hop)
    for (const number of hop.moreNumbers ?? []) this.byNumber.set(number, hop)
    this.add(hop)
    if (hop.keysPending) this.keyed.push(hop)
  }

  /** Removes a completely shipped hop. */
  remove(hop: LoggedHop): void {
    this.byNumber.delete(hop.number)
    for (const number of hop.moreNumbers ?? []) this.byNumber.delete(number)
    const { hopId, assignedId } = hop.record
    if (this.byId.get(hopId) === hop) this.byId.delete(hopId)
    if (assignedId !== null && this.byAssigned.get(assignedId) === hop) this.byAssigned.delete(assignedId)
  }

  /** Removes a hop that may get more entries; those will count as late. */
  evict(hop: LoggedHop): void {
    this.remove(hop)
    this.retiredBelow = Math.max(this.retiredBelow, hop.number + 1)
  }

  /** @param before The end of the previous file, for the reader; undefined if that was not read. */
  newFile(file: number, before?: { readonly file: number; readonly offset: number }): void {
    this.before = before
    if (this.file === 0 && file > 1) this.passedNanos = neverNanos
    this.file = file
    this.rotated = false
    this.closedFile = false
    this.read.newFile()
  }

  /** Reports damage. The lost entries have times between the last time that was read and the next one. */
  damaged(): void {
    this.damage++
    this.gapFromNanos ??=
      this.newestNanos > timing.damageMarginNanos ? this.newestNanos - timing.damageMarginNanos : 0n
  }

  /**
   * Call it at the end of the log; `nanos` is the time of the last write. If the machine has rebooted since,
   * unsynced bytes may be missing although everything on disk is intact.
   */
  finish(nanos: bigint): void {
    const { run } = this
    if (!this.ended && run !== undefined && run.boot !== '' && run.boot !== bootId()) this.damaged()
    this.closeGap(nanos)
    for (const hop of this.byId.values()) this.doubt(hop)
  }

  /**
   * A copy of a hop that later entries do not change. If damage may have hidden an expected entry, the copy
   * counts it as lost.
   */
  snapshot(hop: LoggedHop): HopRecord {
    const record = snapshotRecord(hop.record)
    return this.isDoubtful(hop) ? { ...record, lost: record.lost + 1 } : record
  }

  private isDoubtful(hop: LoggedHop): boolean {
    return !hop.doubted && (!hop.complete || hop.reopened) && this.damage > hop.damageBefore
  }

  /**
   * Counts one lost entry for a hop that still expects one, if the log was damaged after the hop's opening.
   */
  private doubt(hop: LoggedHop): void {
    if (!this.isDoubtful(hop)) return
    hop.doubted = true
    hop.record.lost++
    hop.version++
  }

  /** The run has ended: its open hops can no longer close. Returns them. */
  interrupt(): LoggedHop[] {
    const interrupted: LoggedHop[] = []
    for (const hop of this.byId.values()) {
      if (hop.record.state !== 'open') continue
      this.doubt(hop)
      hop.record.state = 'interrupted'
      hop.record.crash = this.crash ?? (this.damage > 0 ? 'unknown: the log is damaged' : null)
      hop.version++
      interrupted.push(hop)
    }
    return interrupted
  }

  /**
   * Applies one frame. With `skip` (a checkpoint restored the table and contains this frame), only to hops
   * that were not restored.
   */
  apply(bytes: Buffer, start: number, end: number, skip: boolean): void {
    const { read } = this
    read.frame(bytes, start, end)
    this.closedFile = false
    const unknown = read.unknownTexts
    try {
      while (read.more) this.entry(read.byte(), skip)
    } catch (error) {
      if (!(error instanceof MalformedEntry)) throw error
      this.damaged()
    }
    if (read.unknownTexts > unknown) this.damage += read.unknownTexts - unknown
  }

  private entry(byte: number, skip: boolean): void {
    const entryKind = byte & ~(opening | routed)
    const from = this.read.at - 1
    if (entryKind < kind.open || entryKind > kind.close) this.runEntry(byte & ~opening, skip)
    else this.hopEntry(byte, this.read.varint(), from, skip)
  }

  private runEntry(entryKind: number, skip: boolean): void {
    const { read } = this
    if (entryKind === kind.mark) {
      const nanos = read.nanos()
      if (nanos > this.markedNanos) this.markedNanos = nanos
      this.passedNanos = nanos
      this.seen(nanos)
    } else if (entryKind === kind.file) {
      const firstNumber = read.varint()
      this.follows(read.varint(), read.varint())
      const text = read.text(headerBytes)
      this.readHeader(firstNumber, text, read.text(textBytes.mac))
    } else if (entryKind === kind.crash) {
      this.crash = read.text(textBytes.crash)
    } else if (entryKind === kind.end) {
      this.ended = true
      this.closedFile = true
    } else if (entryKind === kind.rotated) {
      this.rotated = true
      this.closedFile = true
    } else if (entryKind === kind.dropped) {
      const range = { fromNanos: read.nanos(), toNanos: read.nanos(), count: read.varint() }
      if (!skip) addDropped(this.dropped, range)
    } else {
      throw new MalformedEntry('unknown entry')
    }
  }

  /**
   * The header names the end of the previous file. If that file ended earlier, it is an older copy or was
   * truncated.
   */
  private follows(file: number, offset: number): void {
    if (this.before?.file === file && this.before.offset < offset) this.damaged()
  }

  private readHeader(firstNumber: number, text: string, mac: string): void {
    const run = decodeRunInfo(text)
    this.header = { text, mac }
    if (run === undefined) {
      this.damaged()
      return
    }
    if (!this.headed) this.retiredBelow = firstNumber
    this.headed = true
    this.setRun(run)
  }

  /** Packs the hop of an entry that begins at `from`; false, with nothing read, if it cannot be packed. */
  private pack(byte: number, number: number, from: number): boolean {
    const { read, packed } = this
    if (this.instance === undefined || !packed.takes(number)) return false
    const idAt = read.at
    const startAt = this.passLeaf((byte & routed) !== 0)
    const isNew = startAt !== undefined && packed.slotOfBytes(read.bytes, idAt) === -1
    if (
      !isNew ||
      (this.byId.size > 0 && this.byId.has(read.bytes.toString('hex', idAt, idAt + 16) as HopId))
    ) {
      read.at = idAt
      return false
    }
    const startNanos = read.nanosAt(startAt)
    this.seen(startNanos)
    packed.add({
      bytes: read.bytes,
      start: from,
      end: read.at,
      idAt,
      startAt,
      texts: read.texts,
      number,
      continued: startNanos <= this.passedNanos,
      file: this.file,
      damage: this.damage,
    })
    return true
  }

  /** Undefined for an entry that is malformed, too: to read it field by field counts what it lost. */
  private passLeaf(isRouted: boolean): number | undefined {
    try {
      return passLeaf(this.read, isRouted)
    } catch (error) {
      if (!(error instanceof MalformedEntry)) throw error
      return undefined
    }
  }

  private packedAt(slot: number): LoggedHop | undefined {
    return slot === -1 ? undefined : this.packed.hop(slot)
  }

  /** The hop in a slot, or none for -1, as one of the table's objects from now on. */
  private unpacked(slot: number): LoggedHop | undefined {
    if (slot === -1) return undefined
    const hop = this.packed.takeOut(slot)
    this.byNumber.set(hop.number, hop)
    this.add(hop)
    return hop
  }

  private numbered(number: number): LoggedHop | undefined {
    return this.byNumber.get(number) ?? this.unpacked(this.packed.slotOfNumber(number))
  }

  private hopEntry(byte: number, number: number, from: number, skip: boolean): void {
    const { read } = this
    if (this.packs && !skip && (byte & ~routed) === (opening | kind.close) && this.pack(byte, number, from))
      return
    let hop = (byte & opening) !== 0 ? this.opened(number) : this.numbered(number)
    if (skip && hop?.restored === true) hop = undefined
    else if (hop === undefined && number < this.retiredBelow) this.late++
    else if (hop === undefined) this.damaged()
    else {
      hop.version++
      hop.entries++
    }
    const record = hop?.record
    const unknown = read.unknownTexts
    try {
      if ((byte & routed) !== 0) readRoute(read, record)
      this.fields(byte & ~(opening | routed), number, hop)
    } catch (error) {
      if (record !== undefined) record.lost++
      throw error
    }
    if (record !== undefined && read.unknownTexts > unknown) record.lost++
  }

  private fields(entryKind: number, number: number, hop: LoggedHop | undefined): void {
    const { read } = this
    const record = hop?.record
    switch (entryKind) {
      case kind.call: {
        const call = readCall(read, number)
        if (hop === undefined) return
        withinLimit(hop.record.next.length, limits.calls)
        hop.addCall(call)
        return
      }
      case kind.callEnd: {
        const open = hop?.pendingCalls ?? 0
        const call = readCallEnd(read, hop, number)
        if (hop !== undefined && call !== undefined && open > 0) hop.pendingCalls--
        return
      }
      case kind.event:
        readEvent(read, record)
        return
      case kind.key:
        readKey(read, record)
        if (hop !== undefined) this.wantsKeys(hop)
        return
      case kind.attributes:
        readHopAttributes(read, record)
        return
      case kind.close: {
        const before = readClose(read, record)
        if (hop !== undefined) this.count(hop, before)
      }
    }
  }

  /** The writer counted the hop's entries before the close, under the same number. */
  private count(hop: LoggedHop, before: number): void {
    const missed = Math.max(0, before - (hop.entries - 1))
    hop.record.lost += Math.max(0, missed - hop.missed)
    hop.missed = missed
  }

  private opened(number: number): LoggedHop | undefined {
    const opened = readOpening(this.read)
    const { hopId, startNanos } = opened
    const { instance, run } = this
    if (instance === undefined || run === undefined) return undefined
    this.seen(startNanos)
    const known = this.byId.get(hopId) ?? this.unpacked(this.packed.slotOf(hopId))
    if (known !== undefined) {
      if (known.number !== number) (known.moreNumbers ??= []).push(number)
      known.reopened = true
      known.entries = 0
      known.missed = 0
      this.byNumber.set(number, known)
      return known
    }
    const record = openedRecord(opened, run.service, instance)
    const hop = new LoggedHop(record, number, opened.idMillis, this.file)
    hop.continued = startNanos <= this.passedNanos
    hop.damageBefore = this.damage
    this.byNumber.set(number, hop)
    this.add(hop)
    if (record.assignedId !== null || record.parentSpan !== null) this.wantsKeys(hop)
    return hop
  }

  private add(hop: LoggedHop): void {
    const { hopId, assignedId } = hop.record
    this.byId.set(hopId, hop)
    if (assignedId !== null) this.byAssigned.set(assignedId, hop)
  }

  private wantsKeys(hop: LoggedHop): void {
    if (hop.keysPending) return
    hop.keysPending = true
    this.keyed.push(hop)
  }

  private seen(nanos: bigint): void {
    if (nanos > this.newestNanos) this.newestNanos = nanos
    if (this.gapFromNanos !== undefined) this.closeGap(nanos)
  }

  private closeGap(nanos: bigint): void {
    const fromNanos = this.gapFromNanos
    if (fromNanos === undefined) return
    this.gapFromNanos = undefined
    addDropped(this.dropped, {
      fromNanos,
      toNanos: (nanos > fromNanos ? nanos : fromNanos) + timing.damageMarginNanos,
      count: 1,
    })
  }
}
