import type { RecordName } from '../record/lookup.js'
import type { InstanceRef } from '../record/record.js'
import type { HopId, TraceId } from '../id/types.js'
import { ByteReader } from './byte-reader.js'
import { routed } from './format.js'
import { IdSlots } from './id-slots.js'
import { capacityFor, isSparse, leastRows, moveRow, resized } from './number-rows.js'
import { LoggedHop, type LoggedRecord, noFields } from './logged-hop.js'
import { nanosToMillis, openedRecord, readClose, readOpening, readRoute } from './read-entries.js'

/** Entries in log order, of one file, with the texts that it defines, read while the log had the same damage. */
interface Block {
  readonly bytes: Buffer
  readonly texts: (string | undefined)[]
  readonly file: number
  readonly damage: number
  used: number
}

/** An entry that opened and closed its hop, in the bytes where it was just read. */
export interface PackedEntry {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Where the hop's id is, and where its start. */
  readonly idAt: number
  readonly startAt: number
  readonly texts: Block['texts']
  readonly number: number
  /** @see LoggedHop.continued */
  readonly continued: boolean
  readonly file: number
  /** @see LoggedHop.damageBefore */
  readonly damage: number
}

const blockBytes = 128 * 1024

/** The words of a slot, beside its id: the start, the local number, the block, and the place in it with the flags. */
const stride = 5
const word = { start: 0, number: 2, block: 3, place: 4 } as const
const flag = { continued: 1, gone: 2 } as const
const flagBits = 2

/**
 * Hops that opened and closed in one entry, as most hops of a busy service do, each kept as that entry. As objects they
 * would outlive the young generation of the heap: the thread would spend its time on copying them, and its
 * old generation would grow to many times of what is in it.
 *
 * A hop has a slot, in log order, until {@link sweep}. A hop that gets more entries is taken out.
 */
export class PackedHops {
  /** Hops that are neither taken out nor removed. */
  size = 0
  /** How often hops got new slots. */
  sweeps = 0
  private ids = new IdSlots()
  private rows = new Uint32Array(leastRows * stride)
  private blocks: Block[] = []
  /** Blocks without hops since the last sweep, at most as many as are in use. */
  private free: Buffer[] = []
  private lastNumber = -1
  private readonly takenOut = new Map<number, LoggedHop>()
  private readonly read = new ByteReader()
  private service = ''
  private instance: InstanceRef | undefined
  private readonly isIn = (slot: number): boolean => (this.word(slot, word.place) & flag.gone) === 0

  /** The run of the log. */
  setRun(service: string, instance: InstanceRef): void {
    this.service = service
    this.instance = instance
  }

  /** Whether a hop with this local number may be added: numbers ascend, and have 32 bits. */
  takes(number: number): boolean {
    return number > this.lastNumber && number <= 0xffff_ffff
  }

  /** Adds a hop with an id that is not there yet, and a number that it `takes`. */
  add(entry: PackedEntry): void {
    const { bytes, start, end, startAt, number } = entry
    const block = this.blockFor(entry)
    const slot = this.ids.add(bytes, entry.idAt)
    const at = slot * stride
    if (at === this.rows.length) this.rows = resized(this.rows, at * 2)
    const { rows } = this
    rows[at + word.start] = bytes.readUInt32BE(startAt)
    rows[at + word.start + 1] = bytes.readUInt32BE(startAt + 4)
    rows[at + word.number] = number
    rows[at + word.block] = this.blocks.length - 1
    rows[at + word.place] = (block.used << flagBits) | (entry.continued ? flag.continued : 0)
    block.used += bytes.copy(block.bytes, block.used, start, end)
    this.lastNumber = number
    this.size++
  }

  /** The slot of a hop; -1 for none. */
  slotOf(id: HopId): number {
    return this.size === 0 ? -1 : this.ids.find(id, this.isIn)
  }

  /** The same, for the 16 bytes of its id. */
  slotOfBytes(bytes: Buffer, at: number): number {
    return this.ids.findBytes(bytes, at, this.isIn)
  }

  /** The slot of the hop with this local number; -1 for none. */
  slotOfNumber(number: number): number {
    let low = 0
    let high = this.ids.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.word(middle, word.number) < number) low = middle + 1
      else high = middle
    }
    const isThere = low < this.ids.length && this.word(low, word.number) === number && this.isIn(low)
    return isThere ? low : -1
  }

  /** The slots of all hops, in log order. */
  slots(): number[] {
    const slots: number[] = []
    for (let slot = 0; slot < this.ids.length; slot++) if (this.isIn(slot)) slots.push(slot)
    return slots
  }

  hopId(slot: number): HopId {
    return this.ids.id(slot)
  }

  /** Milliseconds of the time in a hop's id. */
  idMillis(slot: number): number {
    return nanosToMillis(this.ids.word(slot, 0), this.ids.word(slot, 1))
  }

  /** Like the comparison of two hops' ids as texts. */
  compareIds(a: number, b: number): number {
    return this.ids.compare(a, b)
  }

  /** The earliest start of a hop; undefined without hops. */
  firstStartNanos(): bigint | undefined {
    let [high, low] = [Infinity, Infinity]
    for (let slot = 0; slot < this.ids.length; slot++) {
      if (!this.isIn(slot)) continue
      const [upper, lower] = [this.word(slot, word.start), this.word(slot, word.start + 1)]
      if (upper < high || (upper === high && lower < low)) [high, low] = [upper, lower]
    }
    return high === Infinity ? undefined : (BigInt(high) << 32n) | BigInt(low)
  }

  /** The first file with an entry of these hops; undefined without hops. */
  firstFile(): number | undefined {
    for (let slot = 0; slot < this.ids.length; slot++) if (this.isIn(slot)) return this.blockOf(slot).file
    return undefined
  }

  /** What a question may look for in a hop, read only as far as it is used. */
  name(slot: number): RecordName {
    const record = (): LoggedRecord => this.record(slot)
    return {
      hopId: this.hopId(slot),
      get traceId(): TraceId {
        return record().traceId
      },
      parentSpan: null,
      assignedId: null,
      keys: noFields,
    }
  }

  /** A new object for a hop's record. */
  record(slot: number): LoggedRecord {
    const { read, service, instance } = this
    if (instance === undefined) throw new Error('no run is known yet')
    const { bytes, texts, used } = this.blockOf(slot)
    read.newFile(texts)
    read.frame(bytes, this.word(slot, word.place) >>> flagBits, used)
    const isRouted = (read.byte() & routed) !== 0
    read.varint()
    const record = openedRecord(readOpening(read), service, instance)
    if (isRouted) readRoute(read, record)
    readClose(read, record)
    return record
  }

  /** A new object for a hop, as if its entry had just been read. The hop stays packed. */
  hop(slot: number): LoggedHop {
    const { file, damage } = this.blockOf(slot)
    const hop = new LoggedHop(this.record(slot), this.word(slot, word.number), this.idMillis(slot), file)
    hop.version = 1
    hop.entries = 1
    hop.continued = (this.word(slot, word.place) & flag.continued) !== 0
    hop.damageBefore = damage
    return hop
  }

  /** Takes a hop out, because it gets more entries. Its slot says so until {@link sweep}. */
  takeOut(slot: number): LoggedHop {
    const hop = this.hop(slot)
    this.takenOut.set(slot, hop)
    this.remove(slot)
    return hop
  }

  /** The hop that was taken out of a slot; undefined if the hop is still packed. */
  takenFrom(slot: number): LoggedHop | undefined {
    return this.takenOut.get(slot)
  }

  remove(slot: number): void {
    const at = slot * stride + word.place
    this.rows[at] = (this.rows[at] as number) | flag.gone
    this.size--
  }

  /** Frees the memory of hops that are gone. The others get new slots. */
  sweep(): void {
    const { ids, rows, blocks } = this
    let kept = 0
    for (let slot = 0; slot < ids.length; slot++) {
      if (!this.isIn(slot)) continue
      ids.move(slot, kept)
      moveRow(rows, stride, slot, kept++)
    }
    ids.keep(kept)
    if (isSparse(kept, rows.length / stride)) this.rows = resized(rows, capacityFor(kept) * stride)
    this.sweeps++
    this.takenOut.clear()
    this.blocks = []
    const places = new Map<number, number>()
    for (let at = word.block; at < kept * stride; at += stride) {
      const before = rows[at] as number
      let place = places.get(before)
      if (place === undefined) {
        place = this.blocks.push(blocks[before] as Block) - 1
        places.set(before, place)
      }
      this.rows[at] = place
    }
    // In a quiet time, none are in use, so none are kept.
    this.free = blocks
      .flatMap(({ bytes }, i) => (places.has(i) || bytes.length > blockBytes ? [] : [bytes]))
      .slice(0, this.blocks.length)
  }

  private blockFor({ start, end, texts, file, damage }: PackedEntry): Block {
    const last = this.blocks.at(-1)
    const size = end - start
    if (last?.file === file && last.damage === damage && last.used + size <= last.bytes.length) return last
    const bytes = (size <= blockBytes ? this.free.pop() : undefined) ?? newBlock(size)
    const block = { bytes, texts, file, damage, used: 0 }
    this.blocks.push(block)
    return block
  }

  private blockOf(slot: number): Block {
    return this.blocks[this.word(slot, word.block)] as Block
  }

  private word(slot: number, at: number): number {
    return this.rows[slot * stride + at] as number
  }
}

const newBlock = (size: number): Buffer => Buffer.allocUnsafeSlow(Math.max(blockBytes, size))
