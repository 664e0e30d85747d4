import type { Attributes } from '../record/record.js'
import type { HopLog, HopLogStats, LogCall, LogCallEnd, LogClose, LogHop } from './entries.js'
import type { EntryBuffer } from './entry-buffer.js'
import { writeAttributes, writeCall, writeCallEnd, writeClose, writeHead } from './entry-fields.js'
import { type FileHopLogOptions, frameWriterOptions } from './file-hop-log-options.js'
import { kind, maxEventBytesLimit, textBytes } from './format.js'
import { FrameWriter } from './frame-writer.js'
import { ShedCount } from './shed-count.js'

export type { FileHopLogOptions }

/** Deferred entries are written when they reach this size. */
const maxDeferredBytes = 24 * 1024
/** Up to this share of the limit, entries of logged hops are kept, so that these hops can end. */
const reserve = 1.1
/**
 * `logNumber` of a hop with a lost opening: the whole hop is left out, so that no reader takes half of it for
 * the whole.
 */
const droppedWhole = -1

/**
 * The log of one run, in files. `HopLog` says what its methods promise, and `format.ts` describes the bytes.
 *
 * The request path encodes an entry into the current frame and writes the frame with one `write`. When that
 * returns, the kernel has the entry, so it survives the death of the process. Entries that can wait ride in
 * the frame until the next write. If an entry cannot be encoded, its bytes are taken out of the frame again.
 * If a frame cannot be written, its hops are dropped, because no reader knows their numbers.
 *
 * Under pressure, details are shed (counted, also in the hop's `shed`), then new hops are dropped as a whole
 * (counted, and their range of times marked in the log).
 */
export class FileHopLog implements HopLog {
  private readonly frames: FrameWriter
  private readonly out: EntryBuffer
  private readonly maxEventBytes: number
  /** Hops with entries in the current frame. */
  private readonly riding: LogHop[] = []
  private readonly shed = new ShedCount()
  /** Hops with a lower number were opened where a reader may miss it; their next entry opens them again. */
  private reopenBelow = 0
  /** The first local number that was assigned in this frame. */
  private frameNumber = 1
  private entryStart = 0
  private numberBefore = 0
  private routeBefore: string | null = null
  private entriesBefore = 0
  private appended = 0
  private dropped = 0
  private mistakes = 0

  constructor(options: FileHopLogOptions) {
    this.maxEventBytes = Math.min(options.maxEventBytes ?? 4096, maxEventBytesLimit)
    this.frames = new FrameWriter(frameWriterOptions(options))
    this.out = this.frames.out
  }

  open(hop: LogHop): boolean {
    return this.begin(hop, kind.open, hop.route) && this.commit(hop)
  }

  call(hop: LogHop, call: LogCall): boolean {
    if (!this.begin(hop, kind.call, hop.route)) return false
    try {
      writeCall(this.out, call)
    } catch {
      return this.abandon(hop)
    }
    return this.commit(hop)
  }

  callEnd(hop: LogHop, end: LogCallEnd): boolean {
    if (!this.begin(hop, kind.callEnd, null)) return false
    try {
      writeCallEnd(this.out, end)
    } catch {
      return this.abandon(hop)
    }
    return this.defer(hop)
  }

  event(hop: LogHop, name: string, offsetMicros: number, attributes: Attributes): boolean {
    if (!this.beginDetail(hop, kind.event, hop.route)) return false
    try {
      this.out.reference(name, textBytes.eventName)
      this.out.varint(offsetMicros)
      const left = writeAttributes(this.out, attributes, this.maxEventBytes)
      if (left > 0) this.shed.add(hop, left)
    } catch {
      return this.abandonDetail(hop)
    }
    return this.commit(hop)
  }

  key(hop: LogHop, name: string, value: string): boolean {
    if (!this.begin(hop, kind.key, hop.route)) return false
    try {
      this.out.reference(name, textBytes.keyName)
      this.out.text(value, textBytes.keyValue)
    } catch {
      return this.abandon(hop)
    }
    return this.commit(hop)
  }

  attributes(hop: LogHop, attributes: Attributes): boolean {
    if (!this.beginDetail(hop, kind.attributes, null)) return false
    try {
      const left = writeAttributes(this.out, attributes, this.maxEventBytes)
      if (left > 0) this.shed.add(hop, left)
    } catch {
      return this.abandonDetail(hop)
    }
    return this.defer(hop)
  }

  close(hop: LogHop, close: LogClose): boolean {
    if (!this.begin(hop, kind.close, null)) return false
    try {
      const shed = close.shed + this.shed.of(hop)
      // If a hop had several routes, damage may have hidden the last; so the close repeats it.
      writeClose(this.out, close, hop.rerouted ? null : hop.loggedRoute, shed, hop.loggedEntries - 1)
    } catch {
      return this.abandon(hop)
    }
    return this.commit(hop)
  }

  mark(nanos: bigint): void {
    this.guarded(() => {
      if (!this.frames.ready()) return
      if (!this.out.empty && !this.write()) return
      this.checkOwner()
      if (!this.frames.ready()) return
      // A mark says that everything before it is known here. So drops have to be logged first.
      if (this.frames.drops.range !== undefined) {
        this.frames.writeDrops()
        if (this.frames.drops.range !== undefined) return
      }
      this.out.byte(kind.mark)
      this.out.nanos(nanos)
      this.write()
    })
  }

  describe(): void {
    this.guarded(() => {
      // If there is no file yet, the first file begins with the header anyway.
      if (!this.frames.hasFiles || !this.frames.ready()) return
      if (!this.out.empty && !this.write()) return
      this.frames.writeHeader()
      this.write()
    })
  }

  crash(reason: string): void {
    this.guarded(() => {
      this.frames.hurry()
      if (!this.frames.hasFiles || !this.frames.ready()) return
      this.out.byte(kind.crash)
      this.out.text(reason, textBytes.crash)
      this.write()
    })
  }

  end(): void {
    this.guarded(() => {
      this.frames.hurry()
      if (this.frames.hasFiles && this.frames.ready()) {
        if (!this.out.empty) this.write()
        this.frames.writeDrops()
        this.out.byte(kind.end)
        if (this.write()) this.frames.complete()
      }
      this.frames.end()
    })
  }

  /**
   * Continues in another directory, because another process owns the first one. Logged hops are opened again
   * there.
   */
  relocate(runDir: string): void {
    this.guarded(() => {
      if (!this.out.empty) this.write()
      this.frames.relocate(runDir)
      this.reopenBelow = this.frames.nextNumber
    })
  }

  stats(): HopLogStats {
    const { appended, dropped, shed } = this
    return {
      appended,
      dropped,
      shed: shed.total,
      errors: this.frames.errors + this.mistakes,
      bytes: this.frames.bytes,
      unsaid: this.frames.drops.range,
    }
  }

  /**
   * `route`: the route for this entry; null if it is unknown, or if the entry may be lost together with
   * others.
   */
  private begin(hop: LogHop, entryKind: number, route: string | null): boolean {
    const { out, frames } = this
    const before = hop.logNumber
    if (before === droppedWhole) return false
    const isNew = before === 0 || before < this.reopenBelow
    if (!frames.ready() || !frames.within(isNew ? 1 : reserve)) return this.lose(hop, isNew)
    if (out.at > maxDeferredBytes && !this.write()) return this.lose(hop, isNew)
    this.entryStart = out.at
    this.numberBefore = before
    this.routeBefore = hop.loggedRoute
    this.entriesBefore = hop.loggedEntries
    if (isNew) {
      hop.loggedEntries = 0
      hop.loggedRoute = null
      hop.rerouted = false
    }
    const tells = route === hop.loggedRoute ? null : route
    try {
      if (isNew) {
        hop.logNumber = frames.nextNumber++
        this.appended++
      }
      hop.loggedEntries++
      writeHead(out, entryKind, hop, isNew, tells)
      if (tells !== null) {
        hop.rerouted ||= hop.loggedRoute !== null
        hop.loggedRoute = tells
      }
      return true
    } catch {
      return this.abandon(hop)
    }
  }

  private beginDetail(hop: LogHop, entryKind: number, route: string | null): boolean {
    if (hop.logNumber === droppedWhole) return false
    if (this.frames.ready() && this.frames.within(0.8)) return this.begin(hop, entryKind, route)
    this.shed.add(hop, 1)
    return false
  }

  private commit(hop: LogHop): boolean {
    if (this.frames.write()) {
      this.settled()
      if (this.frames.pausedLong()) this.checkOwner()
      return true
    }
    this.riding.push(hop)
    this.lost()
    return false
  }

  private defer(hop: LogHop): boolean {
    this.riding.push(hop)
    return true
  }

  /** If another process owns the directory, continues elsewhere. Logged hops are opened again there. */
  private checkOwner(): void {
    this.guarded(() => {
      const before = this.frames.nextNumber
      if (this.frames.checkOwner()) this.reopenBelow = Math.max(this.reopenBelow, before)
    })
  }

  private write(): boolean {
    const written = this.frames.write()
    if (written) this.settled()
    else this.lost()
    return written
  }

  private settled(): void {
    if (this.riding.length > 0) this.riding.length = 0
    this.frameNumber = this.frames.nextNumber
  }

  /** The frame was not written, so readers know nothing in it. */
  private lost(): void {
    for (const hop of new Set(this.riding)) {
      const whole = hop.logNumber >= this.frameNumber
      hop.loggedRoute = null
      hop.rerouted = true
      if (whole) this.appended--
      this.lose(hop, whole)
    }
    this.settled()
  }

  /** The caller passed a value that cannot be written: removes the entry from the frame. */
  private takeBack(hop: LogHop): boolean {
    this.out.at = this.entryStart
    this.out.newEpoch()
    this.mistakes++
    const opens = hop.logNumber !== this.numberBefore
    if (opens) this.appended--
    hop.logNumber = this.numberBefore
    hop.loggedRoute = this.routeBefore
    hop.loggedEntries = this.entriesBefore
    return opens
  }

  private abandon(hop: LogHop): boolean {
    return this.lose(hop, this.takeBack(hop))
  }

  private abandonDetail(hop: LogHop): boolean {
    this.takeBack(hop)
    this.shed.add(hop, 1)
    return false
  }

  private lose(hop: LogHop, whole: boolean): boolean {
    this.dropped++
    if (whole) hop.logNumber = droppedWhole
    try {
      this.frames.drops.add(hop)
    } catch {
      this.mistakes++
    }
    return false
  }

  private guarded(work: () => void): void {
    try {
      work()
    } catch {
      this.mistakes++
    }
  }
}
