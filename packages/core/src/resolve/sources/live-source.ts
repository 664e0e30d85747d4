import { HoptraceError } from '../../errors.js'
import type { HopId } from '../../id/types.js'
import type { InstanceRow } from '../../store/instance-row.js'
import type { EndpointClient } from '../wire/http-get.js'
import { endpointOf, readTold, type ToldJson } from '../wire/told-json.js'
import { addReads, type Reads } from '../walk/reads.js'
import type { Errand, Told } from '../walk/source.js'

const maxBytes = 8 << 20
const maxErrandBytes = 64 << 20
/** Workers share an address, and the kernel picks one: so often another is tried. */
const maxTries = 4
/** The same where nobody else can answer. */
const maxRunTries = 16
/** An instance that did not answer is not asked again for so long. */
const silentMillis = 2000

/** Asks living instances. */
export class LiveSource {
  private readonly silent = new WeakMap<InstanceRow, number>()
  private readonly heard = new WeakSet<InstanceRow>()

  /** `patienceMillis`: how long an instance may take before its log and store are read instead. */
  constructor(
    private readonly client: EndpointClient,
    private readonly patienceMillis: number,
  ) {}

  /** Did this run itself answer a question since its row was read? */
  answered(row: InstanceRow): boolean {
    return this.heard.has(row)
  }

  /** What the run itself says, or undefined when it does not answer, or another run does. */
  async lookup(
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
    errand?: Errand,
  ): Promise<Told | undefined> {
    for (let tries = 0; tries < maxTries; tries++) {
      const told = await this.ask(row, id, {}, reads, signal, errand, tries > 0)
      if (told === undefined) return undefined
      const { lookup, subtree, instance } = told
      const same =
        instance.startNanos === row.startNanos &&
        instance.worker === row.worker &&
        instance.address === row.address
      if (!same && (lookup.kind === 'absent' || lookup.record.instance.startNanos !== row.startNanos)) {
        // Another process took the address over, unless it is a sibling.
        if (instance.worker === row.worker || instance.address !== row.address) return undefined
        continue
      }
      if (same) this.heard.add(row)
      if (lookup.kind === 'absent') return { lookup }
      if (lookup.record.hopId !== id && lookup.record.assignedId !== id) return undefined
      const own = lookup.record.instance.startNanos === instance.startNanos
      const live = {
        ...lookup,
        source: 'live' as const,
        liveness: own ? ('alive' as const) : (lookup.liveness ?? 'unsure'),
      }
      const root = subtree?.hops[0]
      return root === undefined || subtree === null || root.record.hopId !== lookup.record.hopId
        ? { lookup: live }
        : { lookup: live, subtree }
    }
    return undefined
  }

  /** What a living instance finds in the store that it holds open about a run that has ended. Rejects when it cannot tell. */
  async lookupFor(
    peer: InstanceRow,
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
  ): Promise<Told> {
    const of = `${row.address},${row.worker},${row.startNanos}`
    const told = await this.askRun(peer, id, { of }, reads, signal)
    if (told === undefined) {
      throw new HoptraceError(
        'HOPTRACE_INSTANCE_UNAVAILABLE',
        `${peer.service} ${peer.address} does not answer`,
      )
    }
    const { lookup } = told
    if (lookup.kind === 'absent') return { lookup }
    if (lookup.record.hopId !== id && lookup.record.assignedId !== id) {
      throw new HoptraceError(
        'HOPTRACE_BAD_ANSWER',
        `${peer.service} ${peer.address} answered with another hop`,
      )
    }
    return { lookup }
  }

  /**
   * The hop that the instance has, in its own records or in the store that it holds, under another id: assigned by the hop's
   * caller, or a foreign trace id. Null when the instance does not answer.
   */
  async alias(
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
  ): Promise<HopId | undefined | null> {
    const told = await this.askRun(row, id, {}, reads, signal)
    if (told === undefined) return null
    this.heard.add(row)
    if (told.lookup.kind !== 'found') return undefined
    const { hopId, assignedId, traceId } = told.lookup.record
    return hopId === id || assignedId === id || traceId === id ? hopId : undefined
  }

  /** The answer of this very run: what another one does not know says nothing about it. Workers share an address. */
  private async askRun(
    row: InstanceRow,
    id: HopId,
    query: Readonly<Record<string, string>>,
    reads: Reads,
    signal: AbortSignal,
  ): Promise<ToldJson | undefined> {
    for (let tries = 0; tries < maxRunTries; tries++) {
      const told = await this.ask(row, id, query, reads, signal, undefined, tries > 0)
      if (told === undefined) return undefined
      const { address, worker, startNanos } = told.instance
      const sameWorker = worker === row.worker
      if (sameWorker && startNanos === row.startNanos && address === row.address) return told
      if (sameWorker || address !== row.address) return undefined
    }
    return undefined
  }

  private async ask(
    row: InstanceRow,
    id: HopId,
    query: Readonly<Record<string, string>>,
    reads: Reads,
    signal: AbortSignal,
    errand?: Errand,
    fresh = false,
  ): Promise<ToldJson | undefined> {
    const base = endpointOf(row)
    if (base === undefined || performance.now() < (this.silent.get(row) ?? 0)) return undefined
    const url = new URL(`${base.pathname.replace(/\/$/, '')}/hops/${id}`, base)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    url.searchParams.set('recurse', errand === undefined ? '0' : '1')
    if (errand !== undefined) {
      url.searchParams.set('question', errand.question)
      url.searchParams.set('hops', String(errand.hops))
      url.searchParams.set('depth', String(errand.depth))
      url.searchParams.set('deadline', String(Math.max(1, errand.deadlineMillis)))
    }
    // An instance on an errand shows every now and then that it is at it.
    const limits = {
      maxBytes: errand === undefined ? maxBytes : maxErrandBytes,
      idleMillis: this.patienceMillis,
      totalMillis: Math.min(
        this.patienceMillis * 2 + (errand?.deadlineMillis ?? 0),
        errand?.waitMillis ?? Infinity,
      ),
      fresh,
    }
    reads.instances++
    try {
      const text = await this.client.text(url, limits, signal)
      reads.bytes += text.length
      const told = readTold(JSON.parse(text))
      if (told !== undefined) addReads(reads, told.reads)
      return told
    } catch (error) {
      if (signal.aborted) throw error
      this.silent.set(row, performance.now() + silentMillis)
      return undefined
    }
  }
}
