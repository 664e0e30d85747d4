import { createHash } from 'node:crypto'
import { hexOfWords, joinWords, splitWords } from './hex.js'
import { formatAddress, isPort, parseAddress, parseIpv4 } from './ip.js'
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
  #ip = 0
  #port = 0
  #tag = 0

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
    this.#ip = parseIpv4(parsed.ip) ?? 0
    this.#port = parsed.port
    const digest = createHash('sha256').update(`${address} ${this.#worker} ${this.#startNanos}`).digest()
    this.#tag = digest.readUInt16BE(0) >>> 5
  }

  /** An id for a hop of this instance. */
  next(): HopId {
    this.#advance()
    return this.#text(this.#worker << 4, this.#ip, this.#port)
  }

  /**
   * An id for a callee.
   * @param target the address dialled, as `ipv4OfHost` gives it; `0.0.0.0` for a name that is not resolved
   * @throws TypeError when `target` is not an IPv4 address and a port.
   */
  assign({ ip, port }: { readonly ip: string; readonly port: number }): HopId {
    const bits = parseIpv4(ip)
    if (bits === undefined || !isPort(port))
      throw new TypeError(`target must be an IPv4 address and a port: ${formatAddress(ip, port)}`)
    this.#advance()
    return this.#text(0x8000 | (this.#tag << 4), bits, port)
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

  #text(sequence: number, ip: number, port: number): HopId {
    const issue = sequence | this.#counter
    return hexOfWords(this.#high, this.#low, (issue << 16) | (ip >>> 16), (ip << 16) | port) as HopId
  }
}
