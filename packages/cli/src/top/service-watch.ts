import { hopIdNanos, type DeadInstance, type HopJson, type InstanceRow, type Resolver } from '@hoptrace/core'
import { Counts, instanceView, isFailedHop, type InstanceView } from '@hoptrace/ui/model'

/** What a service did in the last span of time, and the state of its instances. */
export interface ServiceFigures {
  readonly service: string
  /** Runs that are alive: see `alive` of an instance. */
  readonly live: number
  /** Runs that did not end, and show no sign of life. */
  readonly silent: number
  readonly requests: number
  readonly requestsPerSecond: number
  /** Requests that failed: a status from 500, a thrown error, or a process that ended. */
  readonly errors: number
  /** Requests that have no end yet. */
  readonly open: number
  /** Of the requests that ended, right to one part in a hundred. Null if there is none. */
  readonly p50Micros: number | null
  readonly p99Micros: number | null
  /** The store's lag: the longest time since the watermark of a live run. Null if no run is alive. */
  readonly lagMillis: number | null
  /** Hops that its runs lost and counted. */
  readonly dropped: number
  /** Why the figures may lack something; null if all could be read. */
  readonly unread: string | null
}

/** One look at all services. */
export interface ServicesNow {
  readonly time: string
  /** The begin of the span of time that the figures are about. */
  readonly from: string
  /** By name. A service without a run that may be alive is left out if it did nothing in that time. */
  readonly services: readonly ServiceFigures[]
  /** Why registries could not be read. */
  readonly unread: readonly string[]
}

/** A fixed piece of time of one service. */
interface Slot {
  readonly counts: Counts
  open: number
  /** Everything in it is known and has ended. It is not read again. */
  isFinal: boolean
}

interface Watched {
  readonly slots: Map<number, Slot>
  unread: string | null
}

type Dead = ReadonlyMap<InstanceRow, DeadInstance>

/** Slots of a span of time. */
const SLOTS = 60
/** A hop that began longer ago is in its log; a later one may not be yet. */
const SETTLE_MILLIS = 5000
/** Hops of one service that one look reads at most. */
const MOST_HOPS = 20_000
/** Services that are read at the same time. */
const LANES = 8

/**
 * Looks at all services again and again. It keeps counts of short slots of time, and no hop. A look reads only the slots that may have changed: those that
 * are new, those of the last five seconds, and those that had an open hop.
 */
export class ServiceWatch {
  readonly #watched = new Map<string, Watched>()
  readonly #slotMillis: number

  constructor(
    readonly resolver: Pick<Resolver, 'instances' | 'range'>,
    /** The span of time that the figures are about. */
    readonly spanMillis: number,
    /** Which runs are known to have ended, though their row does not say so. */
    readonly deadOf: (rows: readonly InstanceRow[]) => Promise<Dead>,
  ) {
    this.#slotMillis = Math.max(1, Math.ceil(spanMillis / SLOTS))
  }

  /** Rejects if no registry could be read, or when `signal` fires. */
  async look(nowMillis: number, signal: AbortSignal): Promise<ServicesNow> {
    const rows = await this.resolver.instances()
    const views = viewsOf(rows, nowMillis, await this.deadOf(rows))
    const first = Math.floor((nowMillis - this.spanMillis) / this.#slotMillis)
    const names = [...views.keys()].sort()
    for (const name of this.#watched.keys()) if (!views.has(name)) this.#watched.delete(name)
    let next = 0
    const lane = async (): Promise<void> => {
      for (let name = names[next++]; name !== undefined; name = names[next++])
        await this.#read(name, first, nowMillis, signal)
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    const fromMillis = first * this.#slotMillis
    const seconds = (nowMillis - fromMillis) / 1000
    return {
      time: new Date(nowMillis).toISOString(),
      from: new Date(fromMillis).toISOString(),
      services: names
        .map((name) =>
          figuresOf(name, this.#watched.get(name), views.get(name) ?? [], { nowMillis, seconds }),
        )
        .filter(({ live, silent, requests, unread }) => live + silent + requests > 0 || unread !== null),
      unread: rows.unread ?? [],
    }
  }

  async #read(service: string, first: number, nowMillis: number, signal: AbortSignal): Promise<void> {
    const watched = this.#watched.get(service) ?? { slots: new Map<number, Slot>(), unread: null }
    this.#watched.set(service, watched)
    for (const at of watched.slots.keys()) if (at < first) watched.slots.delete(at)
    watched.unread = null
    let left = MOST_HOPS
    for (const { from, to } of this.#changing(watched, first, nowMillis)) {
      const read = await this.#readSlots(service, { from, to, nowMillis, left }, signal)
      for (const [at, slot] of read.slots) watched.slots.set(at, slot)
      left -= read.hops
      watched.unread ??= read.unread
      if (left <= 0) break
    }
  }

  /** The stretches of slots that are to be read, `to` exclusive. */
  #changing({ slots }: Watched, first: number, nowMillis: number): { from: number; to: number }[] {
    const stretches: { from: number; to: number }[] = []
    for (let at = first; at <= Math.floor(nowMillis / this.#slotMillis); at++) {
      if (slots.get(at)?.isFinal === true) continue
      const last = stretches.at(-1)
      if (last?.to === at) last.to++
      else stretches.push({ from: at, to: at + 1 })
    }
    return stretches
  }

  async #readSlots(
    service: string,
    { from, to, nowMillis, left }: { from: number; to: number; nowMillis: number; left: number },
    signal: AbortSignal,
  ): Promise<{ slots: Map<number, Slot>; hops: number; unread: string | null }> {
    const slots = new Map<number, Slot>()
    for (let at = from; at < to; at++) slots.set(at, { counts: new Counts(), open: 0, isFinal: false })
    let hops = 0
    let reached = from
    let unread: string | null = null
    try {
      const query = { from: from * this.#slotMillis, to: Math.min(to * this.#slotMillis, nowMillis + 1) }
      for await (const hop of this.resolver.range({ service, ...query, limit: left, signal })) {
        hops++
        reached = this.#slotOf(hop)
        count(slots.get(reached), hop)
      }
      if (hops < left) reached = to
      else unread = `only ${MOST_HOPS} requests are read at a time`
    } catch (error) {
      signal.throwIfAborted()
      unread = (error as Error).message
      reached = from
    }
    const settled = Math.floor((nowMillis - SETTLE_MILLIS) / this.#slotMillis)
    for (const [at, slot] of slots) slot.isFinal = at < reached && at < settled && slot.open === 0
    return { slots, hops, unread }
  }

  /** By the time in its id, as ranges go by that. */
  #slotOf({ hopId }: HopJson): number {
    return Math.floor(Number(hopIdNanos(hopId) / 1_000_000n) / this.#slotMillis)
  }
}

function count(slot: Slot | undefined, hop: HopJson): void {
  if (slot === undefined) return
  slot.counts.add(hop.durationMicros, isFailedHop(hop))
  if (hop.state === 'open') slot.open++
}

function viewsOf(rows: readonly InstanceRow[], nowMillis: number, dead: Dead): Map<string, InstanceView[]> {
  const views = new Map<string, InstanceView[]>()
  for (const row of rows) {
    const view = instanceView(row, nowMillis, dead.get(row))
    const others = views.get(row.service)
    if (others === undefined) views.set(row.service, [view])
    else others.push(view)
  }
  return views
}

function figuresOf(
  service: string,
  watched: Watched | undefined,
  views: readonly InstanceView[],
  { nowMillis, seconds }: { readonly nowMillis: number; readonly seconds: number },
): ServiceFigures {
  const all = new Counts()
  let open = 0
  for (const slot of watched?.slots.values() ?? []) {
    all.addAll(slot.counts)
    open += slot.open
  }
  const alive = views.filter((view) => view.alive)
  const lags = alive.map(
    ({ shippedThrough, startTime }) => nowMillis - Date.parse(shippedThrough ?? startTime),
  )
  return {
    service,
    live: alive.length,
    silent: views.filter((view) => view.state === 'running' && !view.alive).length,
    requests: all.count,
    requestsPerSecond: all.count / seconds,
    errors: all.errors,
    open,
    p50Micros: all.percentile(0.5),
    p99Micros: all.percentile(0.99),
    lagMillis: lags.length === 0 ? null : Math.max(0, ...lags),
    dropped: views.reduce((sum, { dropped }) => sum + dropped, 0),
    unread: watched?.unread ?? null,
  }
}
