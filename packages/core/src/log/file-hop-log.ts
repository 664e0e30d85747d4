import type { Attributes } from '../record/record.js'
import type { HopLog, HopLogStats, LogCall, LogCallEnd, LogClose, LogHop } from './entries.js'
import type { EntryBuffer } from './entry-buffer.js'
import { writeAttributes, writeCall, writeCallEnd, writeClose, writeHead } from './entry-fields.js'
import { type FileHopLogOptions, frameWriterOptions } from './file-hop-log-options.js'
import { kind, maxEventBytesLimit, textBytes } from './format.js'
import { FrameWriter } from './frame-writer.js'
import { ShedCount } from './shed-count.js'

export type { FileHopLogOptions }

/** Deferred entries are written out when they have grown to this. */
const maxDeferredBytes = 24 * 1024
/** Entries of hops that are in the log already are kept up to this share of the limit, so that what has begun can end. */
const reserve = 1.1
/** `logNumber` of a hop whose opening was lost: it is left out whole, so that no half of it is taken for the truth. */
const droppedWhole = -1

/**
 * The log of one run in files. See `HopLog` for what its methods promise, and `format.ts` for the bytes.
 * Under pressure details are shed (counted, also in the hop's `shed`), then hops that would be new are dropped whole
 * (counted, and their range of times marked in the log).
 */
export class FileHopLog implements HopLog {
  private readonly frames: FrameWriter
  private readonly out: EntryBuffer
  private readonly maxEventBytes: number
  /** Hops that have entries in the frame that is being put together. */
  private readonly riding: LogHop[] = []
  private readonly shed = new ShedCount()
  /** Hops with a lower number were opened where readers may not find it, and are opened again. */
  private reopenBelow = 0
  /** The first number that was given away in this frame. */
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
      // Of several routes a damaged log may have lost the last: the close brings its own.
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
      // A mark says that everything before it is known here: so must be what could not be kept.
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
      // A file that is yet to be made begins with it.
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

  /** Goes on in another directory, as somebody else owns the first one; hops that were begun are opened again there. */
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
    }
  }

  /** `route`: what the entry may say of it; null for entries that may be lost with others, and while it is not known. */
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

  /** Goes on elsewhere when the directory is not this process's any more; hops that were begun are opened again there. */
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

  /** The frame was not written: nothing in it is known to readers. */
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

  /** Something that cannot be written was given: the entry is taken back. */
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
