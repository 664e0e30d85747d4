import { timing } from '../../base/timing.js'
import type { CallRecord, InstanceRef, ServedBy } from '../../record/record.js'
import { hopIdAddress, parseAddress, parseHopId } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { heartbeatNanos, maxReached, type InstanceRow, type RegistryRows } from '../../record/instance-row.js'
import { rowName } from '../../record/row-names.js'
import { isYetToCome, type CallTimes } from './times.js'

/** More instances than this are not asked for one call. */
const maxCandidates = 64
const maxSkewed = 16

/** Who may have taken a call. */
export interface Candidates {
  readonly rows: readonly InstanceRow[]
  /**
   * Runs that were there at another time, by clocks that may differ: a record of theirs counts, that they
   * have none does not.
   */
  readonly skewed?: readonly InstanceRow[]
  /** The address or service is registered, but no run was there at the time: the latest one before. */
  readonly gone: InstanceRow | null
  /** More runs than may be asked. */
  readonly tooMany: boolean
}

const indexes = new WeakMap<RegistryRows, InstanceIndex>()

/** The index of these rows: questions that follow each other have the same. */
export function instanceIndex(known: RegistryRows): InstanceIndex {
  let index = indexes.get(known)
  if (index === undefined) indexes.set(known, (index = new InstanceIndex(known)))
  return index
}

/** The registry as it was when a question was asked, indexed. */
export class InstanceIndex {
  /** Why instances may be missing here; empty when none is. */
  readonly unread: readonly string[]
  private readonly all: InstanceRow[] = []
  private readonly byAddress = new Map<string, InstanceRow[]>()
  private readonly byPort = new Map<number, InstanceRow[]>()
  private readonly byReached = new Map<string, InstanceRow[]>()
  private readonly byStart = new Map<bigint, InstanceRow[]>()
  private readonly byService = new Map<string, InstanceRow[]>()

  constructor({ rows, unread }: RegistryRows) {
    this.unread = unread
    for (const row of rows) this.add(row)
  }

  /**
   * Reads the rows that have one of these names (see `rowName`), where they are not known yet: here all are.
   */
  async load(_names: readonly string[]): Promise<void> {}

  /** The same for all that is looked up for a call. */
  async loadCall(_call: CallRecord): Promise<void> {}

  /** Called before rows of a name are looked up, so that a part of a registry can tell whether it has them. */
  protected needs(_name: string): void {}

  /** The same for a look-up that has to see all rows. */
  protected needsAll(): void {}

  protected add(row: InstanceRow): void {
    this.all.push(row)
    for (const address of new Set([row.address, ...row.aliases])) {
      add(this.byAddress, address, row)
      const port = parseAddress(address)?.port
      if (port !== undefined) add(this.byPort, port, row)
    }
    for (const address of row.reached) add(this.byReached, address.toLowerCase(), row)
    add(this.byStart, row.startNanos, row)
    add(this.byService, row.service, row)
  }

  get rows(): readonly InstanceRow[] {
    this.needsAll()
    return this.all
  }

  service(name: string): readonly InstanceRow[] {
    this.needs(rowName.service(name))
    return this.byService.get(name) ?? []
  }

  /** Runs that began at this moment: one, unless hosts have the same clock to the nanosecond. */
  startedAt(startNanos: bigint): readonly InstanceRow[] {
    this.needs(rowName.start(startNanos))
    return this.byStart.get(startNanos) ?? []
  }

  /**
   * Runs that may hold the hop that an id names: at the address in it, or reached through it. `hint`: known
   * to hold it.
   */
  forId(id: HopId, times: CallTimes, host: string | null, hint: readonly InstanceRow[] = []): Candidates {
    const address = hopIdAddress(id)
    const known = this.select(unique([...this.at(address, host), ...this.behind([address], host)]), times)
    return hint.length === 0 ? known : { ...known, rows: unique([...hint, ...known.rows]) }
  }

  /**
   * Runs that may have taken a call: at the dialled address, reached through it, or of the service that is
   * expected there.
   */
  forCall(call: CallRecord, times: CallTimes, host: string | null): Candidates {
    const address = hopIdAddress(call.hopId)
    const port = namedPort(address)
    const owners = port !== undefined ? [] : this.at(address, host)
    let rows = [...owners, ...this.behind(port !== undefined ? [call.target] : [address, call.target], host)]
    if (owners.length === 0 && call.service !== null) rows.push(...this.service(call.service))
    if (rows.length === 0 && port !== undefined) rows = this.atPort(port)
    return this.select(unique(rows), times)
  }

  /**
   * Runs at the address that answered, as its header says; the worker among those that share it, where the
   * hop's id names it. Without any, those at the address in the id.
   */
  forServed({ hopId, address }: ServedBy, times: CallTimes, host: string | null): Candidates {
    const there = this.at(address, host)
    const rows = there.length > 0 ? there : this.at(hopIdAddress(hopId), host)
    const { assigned, issuer } = parseHopId(hopId)
    const worker = assigned ? [] : rows.filter((row) => row.worker === issuer)
    return this.select(worker.length > 0 ? worker : rows, times)
  }

  /** Is it an address of this run, and not only a way to it? */
  isOwn(row: InstanceRow, address: string): boolean {
    return row.address === address || row.aliases.includes(address)
  }

  /** Is what was dialled known as a way to runs, and not as the address of one? */
  isWay({ hopId, target }: CallRecord, host: string | null): boolean {
    const address = hopIdAddress(hopId)
    const isNamed = namedPort(address) !== undefined
    if (!isNamed && this.at(address, host).length > 0) return false
    return this.behind(isNamed ? [target] : [address, target], host).length > 0
  }

  /**
   * Runs, in addition to `known`, that may have taken a call by an address that their rows do not list yet,
   * or no longer list.
   */
  untold(known: readonly InstanceRow[], times: CallTimes): Candidates {
    const { startNanos, endNanos } = times
    const isTold = (row: InstanceRow): boolean => {
      const aliveNanos = heartbeatNanos(row)
      if (aliveNanos + timing.skewNanos < startNanos) return true
      const isOver = row.state !== 'running' || aliveNanos >= endNanos + timing.settleNanos
      return isOver && row.reached.length < maxReached
    }
    const rows = this.rows.filter(
      (row) =>
        !isTold(row) && !known.includes(row) && covers(row, this.byAddress.get(row.address) ?? [], times),
    )
    return { rows: rows.slice(0, maxCandidates), gone: null, tooMany: rows.length > maxCandidates }
  }

  private atPort(port: number): InstanceRow[] {
    this.needs(rowName.port(port))
    return this.byPort.get(port) ?? []
  }

  /** Runs that were reached through one of these addresses or names (`name:port`). */
  protected behind(ways: readonly string[], host: string | null): InstanceRow[] {
    for (const way of ways) this.needs(rowName.place(way))
    return unique(ways.flatMap((way) => onHost(this.byReached.get(way.toLowerCase()) ?? [], way, host)))
  }

  /**
   * Runs that may have taken a message, because any service may read a queue, at any time. Runs without an
   * address to dial come first. Empty for an id with a known address.
   */
  consumers(id: HopId, startNanos: bigint): Candidates {
    const there =
      namedPort(hopIdAddress(id)) !== undefined
        ? this.rows.filter(
            (row) => row.state === 'running' || heartbeatNanos(row) + timing.rowSlackNanos >= startNanos,
          )
        : []
    const listens = ({ endpoint }: InstanceRow): number => Number(endpoint !== null)
    there.sort((a, b) => listens(a) - listens(b) || newestFirst(a, b))
    return { rows: there.slice(0, maxCandidates), gone: null, tooMany: there.length > maxCandidates }
  }

  /**
   * Runs that say that they consume a destination, or that may have forgotten it, and that have shown life
   * since a message was sent there.
   */
  consumersOf(destination: string, startNanos: bigint): Candidates {
    this.needs(rowName.place(destination))
    this.needs(rowName.manyReached)
    const rows = this.all
      .filter(({ reached }) => reached.includes(destination) || reached.length >= maxReached)
      .filter((row) => row.state === 'running' || heartbeatNanos(row) + timing.rowSlackNanos >= startNanos)
      .sort(newestFirst)
    return { rows: rows.slice(0, maxCandidates), gone: null, tooMany: rows.length > maxCandidates }
  }

  /** Runs at an address. Loopback addresses mean another process on every host. */
  at(address: string, host: string | null): InstanceRow[] {
    this.needs(rowName.place(address))
    return onHost(this.byAddress.get(address) ?? [], address, host)
  }

  /** The host of a run, if it is registered. */
  hostOf(instance: InstanceRef): string | null {
    return this.rowOf(instance)?.host ?? null
  }

  /** The last sign of life of a run in the registry; 0 when there is none. */
  aliveNanos(instance: InstanceRef): bigint {
    const row = this.rowOf(instance)
    return row?.startNanos === instance.startNanos ? heartbeatNanos(row) : 0n
  }

  /** The row of a run, or else of another that is the same instance. */
  rowOf({ address, worker, startNanos }: InstanceRef): InstanceRow | undefined {
    const rows = (this.byAddress.get(address) ?? []).filter((row) => row.worker === worker)
    const own = rows.find((row) => row.startNanos === startNanos)
    if (own === undefined) this.needs(rowName.place(address))
    return own ?? rows[0]
  }

  private select(rows: readonly InstanceRow[], times: CallTimes): Candidates {
    const there = rows.filter((row) => covers(row, rows, times))
    const before = rows.filter((row) => row.startNanos <= times.endNanos).sort(newestFirst)
    const gone = there.length === 0 ? (before[0] ?? rows[0] ?? null) : null
    const tooMany = there.length > maxCandidates
    // By a caller's clock that was ahead, or where none was there at all, every run may have been there.
    const isAnyTime = there.length === 0 || isYetToCome(times.startNanos)
    const skewed = rows
      .filter((row) => !there.includes(row) && (isAnyTime || isNear(row, times)))
      .sort(newestFirst)
    return {
      rows: there.sort(newestFirst).slice(0, maxCandidates),
      skewed: skewed.slice(0, maxSkewed),
      gone,
      tooMany,
    }
  }
}

/** The port in the address of an id whose caller knew only a name; undefined for all other addresses. */
export function namedPort(address: string): number | undefined {
  const start = '0.0.0.0:'
  return address.startsWith(start) ? Number(address.slice(start.length)) : undefined
}

/** Loopback addresses mean another process on every host. */
function onHost(rows: readonly InstanceRow[], address: string, host: string | null): InstanceRow[] {
  if (host === null || !(address.startsWith('127.') || address.startsWith('localhost:'))) return [...rows]
  const local = rows.filter((row) => row.host === host)
  return local.length > 0 ? local : [...rows]
}

/** May this run have been there while the call was under way? */
function covers(
  row: InstanceRow,
  rows: readonly InstanceRow[],
  { startNanos, endNanos }: CallTimes,
): boolean {
  if (row.startNanos > endNanos + timing.settleNanos) return false
  if (row.state !== 'running' && heartbeatNanos(row) + timing.rowSlackNanos < startNanos) return false
  // Two runs cannot listen on one address for long.
  return !rows.some(
    (other) =>
      other.address === row.address &&
      other.worker === row.worker &&
      other.host === row.host &&
      other.startNanos > row.startNanos &&
      other.startNanos + timing.rowSlackNanos < startNanos,
  )
}

/** Might it have been there, if clocks differ? */
function isNear(row: InstanceRow, { startNanos, endNanos }: CallTimes): boolean {
  if (row.startNanos > endNanos + timing.skewNanos) return false
  return row.state === 'running' || heartbeatNanos(row) + timing.skewNanos >= startNanos
}

function newestFirst(a: InstanceRow, b: InstanceRow): number {
  return a.startNanos > b.startNanos ? -1 : a.startNanos < b.startNanos ? 1 : 0
}

function unique(rows: readonly InstanceRow[]): InstanceRow[] {
  return [...new Set(rows)]
}

function add<K>(map: Map<K, InstanceRow[]>, key: K, row: InstanceRow): void {
  const rows = map.get(key)
  if (rows === undefined) map.set(key, [row])
  // A row is added completely before the next one. To search a list would take seconds where all share a port.
  else if (rows.at(-1) !== row) rows.push(row)
}
