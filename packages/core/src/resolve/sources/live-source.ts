import { timing } from '../../base/timing.js'
import type { HopId } from '../../id/types.js'
import { runName, type InstanceRow } from '../../record/instance-row.js'
import type { EndpointClient } from '../wire/http-get.js'
import { readTold, type ToldJson } from '../wire/told-json.js'
import { addReads, type Reads } from '../walk/reads.js'
import type { Errand, Told } from '../walk/source.js'

const maxBytes = 8 << 20
const maxErrandBytes = 64 << 20

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

  /** What the run itself says, or undefined when it does not answer. */
  async lookup(
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
    errand?: Errand,
  ): Promise<Told | undefined> {
    const told = await this.ask(row, id, reads, signal, errand)
    if (told === undefined) return undefined
    const { lookup, subtree, instance } = told
    this.heard.add(row)
    const blocked = instance.blockedSince === undefined ? {} : { blockedSince: instance.blockedSince }
    if (lookup.kind === 'absent') return { lookup: { ...lookup, source: 'live' }, ...blocked }
    const { record } = lookup
    // A run speaks for itself alone.
    if ((record.hopId !== id && record.assignedId !== id) || runName(record.instance) !== runName(row))
      return undefined
    const live = { ...lookup, source: 'live' as const, liveness: 'alive' as const }
    const root = subtree?.hops[0]
    return root === undefined || subtree === null || root.record.hopId !== record.hopId
      ? { lookup: live, ...blocked }
      : { lookup: live, subtree, ...blocked }
  }

  /**
   * The hops that the instance has, in its own records or in the store that it holds, under another id:
   * assigned by the hop's caller, or a foreign trace id. Empty also when the instance does not answer.
   */
  async aliases(row: InstanceRow, id: HopId, reads: Reads, signal: AbortSignal): Promise<readonly HopId[]> {
    const told = await this.ask(row, id, reads, signal, undefined, true)
    if (told === undefined) return []
    this.heard.add(row)
    if (told.lookup.kind !== 'found') return []
    const { record, others = [] } = told.lookup
    const { hopId, assignedId, traceId } = record
    return hopId === id || assignedId === id || traceId === id ? [hopId, ...others] : []
  }

  /** The answer of this very run: what another one does not know says nothing about it. */
  private async ask(
    row: InstanceRow,
    id: HopId,
    reads: Reads,
    signal: AbortSignal,
    errand?: Errand,
    all = false,
  ): Promise<ToldJson | undefined> {
    if (performance.now() < (this.silent.get(row) ?? 0)) return undefined
    const place = await this.client.place(row)
    if (place === undefined) return undefined
    const question = {
      path: `hops/${id}`,
      query: {
        recurse: errand === undefined ? '0' : '1',
        ...(all ? { all: '1' } : {}),
        question: errand?.question,
        hops: errand?.hops,
        depth: errand?.depth,
        deadline: errand === undefined ? undefined : Math.max(1, errand.deadlineMillis),
      },
    }
    // An instance that walks for us sends spaces from time to time while it works.
    const limits = {
      maxBytes: errand === undefined ? maxBytes : maxErrandBytes,
      idleMillis: this.patienceMillis,
      totalMillis: Math.min(
        this.patienceMillis * 2 + (errand?.deadlineMillis ?? 0),
        errand?.waitMillis ?? Infinity,
      ),
    }
    reads.instances++
    try {
      const text = await this.client.text(place, question, limits, signal)
      reads.bytes += text.length
      const told = readTold(JSON.parse(text))
      if (told === undefined || runName(told.instance) !== runName(row)) return undefined
      addReads(reads, told.reads)
      return told
    } catch (error) {
      if (signal.aborted) throw error
      this.silent.set(row, performance.now() + timing.skipInstanceMillis)
      return undefined
    }
  }
}
