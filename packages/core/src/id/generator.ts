import { createHash } from 'node:crypto'
import { hex16, hex32, joinWords, splitWords } from './hex.js'
import { parseAddress, parseIpv4 } from './ip.js'
import { ProjectedClock, type ClockSource } from './clock.js'
import { virtualAddress } from './address.js'
import type { HopId } from './types.js'

/** Options of {@link IdGenerator}. */
export interface IdGeneratorOptions {
  /** `ip:port` of this instance. @default a virtual unique address, until `setAddress` */
  readonly address?: string
  /** Worker number: 0-2047. @default 0 */
  readonly worker?: number
  /** No id's time is at or below this: the last one that a former run on this address may have issued. @default 0n */
  readonly floorNanos?: bigint
  /** @default the process's clocks */
  readonly clock?: ClockSource
}

/** Callees whose id endings are remembered. Beyond it they are computed again. */
const MAX_TARGETS = 1024

/**
 * Issues ids. Of one generator, the ids that `next` gives are strictly increasing, and so are those that `assign` gives;
 * the two kinds differ in bit 15 of the sequence. A clock that steps back, and `floorNanos`, hold the time where it was
 * until the clock has caught up; while it is held, and within one nanosecond, 16 ids share a time and the 17th takes the
 * next nanosecond.
 */
export class IdGenerator {
  readonly #clock: ProjectedClock
  readonly #worker: number
  readonly #startNanos: bigint
  #high = 0
  #low = 0
  #counter = 15
  /** The first 12 digits, and the `high` and upper `low` half that they were made of. */
  #prefix = ''
  #prefixHigh = -1
  #prefixLow = -1
  /** The last 16 digits of own ids, by counter. */
  #own: readonly string[] = []
  #tag = 0
  #assigned = new Map<string, readonly string[]>()

  /** @throws TypeError when an option is out of its range. */
  constructor(options: IdGeneratorOptions = {}) {
    const { address = virtualAddress(), worker = 0, floorNanos = 0n } = options
    if (!Number.isInteger(worker) || worker < 0 || worker > 2047) {
      throw new TypeError(`worker must be 0-2047: ${worker}`)
    }
    if (floorNanos < 0n || floorNanos >= 1n << 63n)
      throw new TypeError(`floorNanos is out of range: ${floorNanos}`)
    this.#clock = new ProjectedClock(options.clock)
    this.#worker = worker
    ;[this.#high, this.#low] = splitWords(floorNanos)
    this.#startNanos = joinWords(this.#clock.high, this.#clock.low)
    this.setAddress(address)
  }

  /**
   * The instance's address from now on, once its listening socket is known. Ids that were issued keep theirs.
   * @throws TypeError when it is not `ip:port`.
   */
  setAddress(address: string): void {
    const parsed = parseAddress(address)
    if (parsed === undefined) throw new TypeError(`address must be ip:port: ${address}`)
    this.#own = endings(this.#worker << 4, parsed.ip, parsed.port)
    const digest = createHash('sha256').update(`${address} ${this.#worker} ${this.#startNanos}`).digest()
    this.#tag = digest.readUInt16BE(0) >>> 5
    this.#assigned = new Map()
  }

  /** An id for a hop of this instance. */
  next(): HopId {
    this.#advance()
    return this.#text(this.#own)
  }

  /**
   * An id for a callee.
   * @param target the address dialled, as `ipv4OfHost` gives it; `0.0.0.0` for a name that is not resolved
   * @throws TypeError when `target` is not an IPv4 address and a port.
   */
  assign(target: { readonly ip: string; readonly port: number }): HopId {
    this.#advance()
    return this.#text(this.#endingsOf(target.ip, target.port))
  }

  /**
   * Nanoseconds since the Unix epoch: never below what it said before, nor below the time of an id that was issued; ids that
   * are issued later are not below it either.
   */
  nowNanos(): bigint {
    const clock = this.#clock
    clock.read()
    if (clock.high > this.#high || (clock.high === this.#high && clock.low > this.#low)) {
      this.#high = clock.high
      this.#low = clock.low
      this.#counter = -1
    }
    return joinWords(this.#high, this.#low)
  }

  /** The time of the newest id, or of the newest `nowNanos()` if that is later; `floorNanos` before the first. */
  get lastNanos(): bigint {
    return joinWords(this.#high, this.#low)
  }

  #advance(): void {
    const clock = this.#clock
    clock.read()
    if (clock.high > this.#high || (clock.high === this.#high && clock.low > this.#low)) {
      this.#high = clock.high
      this.#low = clock.low
      this.#counter = 0
    } else if (this.#counter < 15) {
      this.#counter++
    } else {
      this.#counter = 0
      this.#low++
      if (this.#low === 4_294_967_296) {
        this.#low = 0
        this.#high++
      }
    }
  }

  #text(ending: readonly string[]): HopId {
    const middle = this.#low >>> 16
    if (middle !== this.#prefixLow || this.#high !== this.#prefixHigh) {
      this.#prefixLow = middle
      this.#prefixHigh = this.#high
      this.#prefix = hex32(this.#high) + hex16(middle)
    }
    return (this.#prefix + hex16(this.#low) + (ending[this.#counter] as string)) as HopId
  }

  #endingsOf(ip: string, port: number): readonly string[] {
    const key = `${ip}:${port}`
    let known = this.#assigned.get(key)
    if (known === undefined) {
      if (parseAddress(key) === undefined)
        throw new TypeError(`target must be an IPv4 address and a port: ${key}`)
      known = endings(0x8000 | (this.#tag << 4), ip, port)
      if (this.#assigned.size >= MAX_TARGETS) this.#assigned.clear()
      this.#assigned.set(key, known)
    }
    return known
  }
}

const endings = (sequence: number, ip: string, port: number): readonly string[] => {
  const address = hex32(parseIpv4(ip) ?? 0) + hex16(port)
  return Array.from({ length: 16 }, (_, counter) => hex16(sequence | counter) + address)
}
