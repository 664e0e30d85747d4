import { timing } from '../../base/timing.js'
import type { CallRecord, HopRecord, ServedBy } from '../../record/record.js'
import { isMessage } from '../../record/destination.js'
import { hopIdAddress } from '../../id/index.js'
import type { HopId } from '../../id/types.js'
import { heartbeatNanos, type InstanceRow } from '../../record/instance-row.js'
import { rowName } from '../../record/row-names.js'
import { TrustedTargets } from '../../propagation/trusted-targets.js'
import { sawOfCall } from '../verdict/saw.js'
import { mayServe } from './answers-to.js'
import type { Candidates, InstanceIndex } from './candidates.js'
import { suspectOf } from './conclude.js'
import { droppedEnd, hopKey, type Found } from './found.js'
import type { WithoutRecord } from '../verdict/evidence.js'
import { dialled, otherKey, refusedOnTheWay, unregistered, waiting } from './no-row.js'
import type { Reads } from './reads.js'
import { RunAsker, type Asked } from './run-asker.js'
import type { Errand, TraceSource } from './source.js'
import { callTimes, lately, nowNanos, type CallTimes } from './times.js'

export type { Found } from './found.js'

/** The hop that has an id, or why none is known. */
export type Located = { readonly kind: 'found'; readonly found: Found } | WithoutRecord

/**
 * The other end of a call: the hops that it led to, in no order, and what is known of one that has no record.
 */
export interface Callees {
  readonly hops: readonly Found[]
  /** Undefined when the hops are all that there is. */
  readonly rest: WithoutRecord | undefined
  /** What may be behind the one hop, a gateway that failed and copied its headers, and could not be looked up. */
  readonly behind?: WithoutRecord
}

/** Targets that get ids from every caller, at the first call too. */
const trusted = new TrustedTargets()
const maxNamed = 3

/** The search for the other end of one call: what is known of the call, and what the strategies have found so far. */
interface Search {
  readonly call: CallRecord
  /** Where the caller runs. */
  readonly host: string | null
  readonly errand: Errand | undefined
  readonly times: CallTimes
  /** The instance that signed the answer, if it can have served the call. */
  readonly servedBy: ServedBy | null
  readonly candidates: Candidates
  /** The call got no hoptrace answer from an address that is not a run's own. */
  readonly isAway: boolean
  /** And what is there leads to instances that are known. */
  readonly isWay: boolean
  /** What the instance that signed the answer said. */
  served?: Asked | undefined
  /** What the candidates said. */
  asked?: Asked | undefined
  /** What other instances said that may be reached through the address. */
  others?: Asked | undefined
}

/** Finds hops by id over all runs that may have them. */
export class Locator {
  private readonly asker: RunAsker

  constructor(
    source: TraceSource,
    private readonly index: InstanceIndex,
    reads: Reads,
    signal: AbortSignal,
  ) {
    this.asker = new RunAsker(source, index, reads, signal)
  }

  /** The other end of a call. `host`: where the caller runs. */
  async callees(caller: HopRecord, call: CallRecord, host: string | null, errand?: Errand): Promise<Callees> {
    await this.index.loadCall(call)
    const callees = isMessage(call)
      ? await this.ofMessage(caller, call)
      : await this.amongKnown(caller, call, host, errand)
    const { rest } = callees
    return { ...callees, rest: rest === undefined ? undefined : this.doubted(rest) }
  }

  /** The hop that has an id, when nothing but the id is known. `holders`: runs that are known to have it. */
  async byId(
    id: HopId,
    times: CallTimes,
    errand?: Errand,
    holders: readonly InstanceRow[] = [],
  ): Promise<Located | undefined> {
    await this.index.load([rowName.place(hopIdAddress(id))])
    const asked =
      (await this.asker.ask(this.index.forId(id, times, null, holders), id, times, errand)) ??
      (await this.consumed(id, times, errand))
    const found = asked?.hops.find(({ record }) => record.hopId === id) ?? asked?.hops[0]
    if (found !== undefined) return droppedEnd(found) ?? { kind: 'found', found }
    return asked?.rest === undefined ? undefined : this.doubted(asked.rest)
  }

  /** A hop as its own run, or what that left, knows it. Undefined when neither can be read, or has it. */
  async own({ hopId, instance }: HopRecord): Promise<Found | undefined> {
    await this.index.load([rowName.start(instance.startNanos)])
    const rows = this.index
      .startedAt(instance.startNanos)
      .filter(({ address, worker }) => address === instance.address && worker === instance.worker)
    const found = await this.asker.among(rows, hopId)
    return found.find(({ record }) => record.hopId === hopId)
  }

  /**
   * Where a callee may be found, in this order. The first strategy that gives an answer ends the search; later ones rely on what the
   * earlier ones have added to it.
   */
  private readonly strategies: readonly ((
    search: Search,
  ) => Promise<Callees | undefined> | Callees | undefined)[] = [
    ({ call }) => only(refusedOnTheWay(call)),
    (search) => this.atServing(search),
    (search) => this.atCandidates(search),
    (search) => this.absentAmongCandidates(search),
    ({ call }) => (call.otherKey === null ? undefined : only(otherKey(call))),
    (search) => this.atGone(search),
    (search) => this.atConsumers(search),
  ]

  private async amongKnown(
    caller: HopRecord,
    call: CallRecord,
    host: string | null,
    errand?: Errand,
  ): Promise<Callees> {
    const times = callTimes(caller, call, this.index.rowOf(caller.instance))
    const { servedBy: told } = call
    const servedBy = told !== null && mayServe(told, call, times) ? told : null
    const isAway = servedBy === null && this.isAway(call, host)
    const search: Search = {
      call,
      host,
      errand,
      times,
      servedBy,
      candidates: this.index.forCall(call, times, host),
      isAway,
      isWay: isAway && this.index.isWay(call, host),
    }
    for (const strategy of this.strategies) {
      const callees = await strategy(search)
      if (callees !== undefined) return callees
    }
    return { hops: [], rest: unregistered({ ...call, servedBy }, this.index.unread) }
  }

  /**
   * The consumers of a message. A run says in its row what it consumes. Other runs are asked if none says
   * so, and while their rows may be older than the message: that one of them has no hop proves nothing.
   */
  private async ofMessage(caller: HopRecord, call: CallRecord): Promise<Callees> {
    const { startNanos } = callTimes(caller, call)
    const times = lately(startNanos)
    const { hopId, target } = call
    const consumers = this.index.consumersOf(target, startNanos)
    const known = await this.asker.deliveries(consumers.rows, hopId, times)
    const isFresh = startNanos + timing.untoldConsumerNanos >= nowNanos()
    const { rows } =
      isFresh || known.hops.length === 0 ? this.index.consumers(hopId, startNanos) : { rows: [] }
    const others = await this.asker.deliveries(
      rows.filter((row) => !consumers.rows.includes(row)),
      hopId,
      times,
    )
    // Stores may be shared, so both may have found one hop.
    const found = [
      ...new Map([...known.hops, ...others.hops].map((hop) => [hopKey(hop.record), hop])).values(),
    ]
    if (found.length > 0) {
      const { hops, rest } = whole(found)
      return { hops, rest: rest ?? (known.rest?.kind === 'absent' ? undefined : known.rest) }
    }
    const isOver = sawOfCall(call) === 'answered'
    const rest = isOver
      ? unregistered(call, this.index.unread)
      : waiting(call, startNanos, known.rest, consumers.tooMany)
    return { hops: [], rest }
  }

  /** The instance that signed the answer, and others that may have had the call too. */
  private async atServing(search: Search): Promise<Callees | undefined> {
    const { call, servedBy, times, host, errand, candidates } = search
    if (servedBy === null) return undefined
    const { hopId } = servedBy
    search.served = await this.asker.ask(this.index.forServed(servedBy, times, host), hopId, times, errand)
    const answered = search.served?.hops.find(({ record }) => record.hopId === hopId)
    if (answered === undefined) return undefined
    const more = this.besides(answered, call, times, candidates.rows)
    if (more.length === 0) return whole([answered])
    const { hops, rest } = await this.asker.behind(more, call.hopId, times)
    const others = hops.filter(({ record }) => hopKey(record) !== hopKey(answered.record))
    return this.withUnread([answered, ...others], rest, call)
  }

  /** The instances at the address that was dialled, or reached through it. */
  private async atCandidates(search: Search): Promise<Callees | undefined> {
    const { call, served, times, errand, candidates, isAway, isWay } = search
    const asked = await this.asker.ask(candidates, call.hopId, times, errand, isWay)
    search.asked = asked
    // Where a proxy answered, it may have tried more of them than are known.
    const isOpen = asked === undefined || asked.hops.length === 0 || sawOfCall(call) === 'proxy-error'
    const others = isAway && isOpen ? await this.untold(call.hopId, candidates.rows, times) : undefined
    search.others = others
    const hops = [...(asked?.hops ?? []), ...(others?.hops ?? [])]
    if (hops.length === 0) return undefined
    // Others had it, too; nothing is known of the one that answered.
    if (served?.rest !== undefined) return { hops, rest: served.rest }
    const isKnown = others?.rest === undefined || others.rest.kind === 'absent'
    const all = { hops, rest: isKnown ? asked?.rest : others.rest }
    return this.isWhole(all, call) ? this.besidesGateway(hops, candidates.rows, call, times) : all
  }

  /** None of the candidates has it. That proves nothing about an instance that answered and is not among them. */
  private absentAmongCandidates(search: Search): Callees | undefined {
    const { call, servedBy, served, asked, others, candidates, isWay } = search
    if (asked?.rest === undefined || (servedBy !== null && served === undefined)) return undefined
    const rest = isWay ? notTaken(asked.rest, candidates.rows, others?.rest) : asked.rest
    return only(this.atDialled(rest, call, candidates.rows))
  }

  /** The address is registered, but no run was there at that time. */
  private atGone({ call, servedBy, served, others, candidates, isWay, times }: Search): Callees | undefined {
    const row = candidates.gone
    if (row === null || (servedBy !== null && served === undefined)) return undefined
    const rest = gone(row, call.hopId, times)
    if (!isWay || rest.kind !== 'absent') return only(rest)
    return only(this.atDialled(notTaken({ ...rest, proof: 'not-taken' }, [row], others?.rest), call, [row]))
  }

  /** Who took a message: every HTTP call has a method. */
  private async atConsumers({ call, candidates, times, errand }: Search): Promise<Callees | undefined> {
    if (candidates.gone !== null || call.method !== null) return undefined
    const read = await this.consumed(call.hopId, times, errand)
    return read === undefined || read.hops.length === 0 ? undefined : whole(read.hops)
  }

  /**
   * The instances that may also have had the call, in addition to the one that answered: one that copied its
   * headers, or received copied ones; one that ended with it; and any of them, if the call took much longer
   * than the answering hop or did not end well.
   */
  private besides(
    { row, record }: Found,
    call: CallRecord,
    { endNanos }: CallTimes,
    rows: readonly InstanceRow[],
  ): readonly InstanceRow[] {
    const address = hopIdAddress(call.hopId)
    const others = rows.filter(
      (other) => other !== row && !(other.address === row.address && other.host === row.host),
    )
    if (others.length === 0) return others
    const took = call.durationMicros ?? 0
    const isUnexplained =
      sawOfCall(call) !== 'answered' || (took > 100_000 && (record.durationMicros ?? took) * 2 < took)
    const isOwner = (other: InstanceRow): boolean => this.index.isOwn(other, address)
    if (isUnexplained || (isOwner(row) && record.hopId === call.hopId)) return others
    return others.filter((other) => isOwner(other) || !(isAlive(other) || heartbeatNanos(other) > endNanos))
  }

  /** All hops of a call, with what may be behind one that was dialled at its own address. */
  private async besidesGateway(
    hops: readonly Found[],
    rows: readonly InstanceRow[],
    call: CallRecord,
    times: CallTimes,
  ): Promise<Callees> {
    if (!this.mayHideFault(hops, call)) return whole(hops)
    const others = rows.filter((row) => !this.index.isOwn(row, hopIdAddress(call.hopId)))
    const { rest } = await this.asker.behind(others, call.hopId, times)
    return this.withUnread(hops, rest, call)
  }

  /** All hops of a call, with what became of the other runs, which have none. */
  private withUnread(hops: readonly Found[], rest: WithoutRecord | undefined, call: CallRecord): Callees {
    const all = whole(hops)
    if (rest === undefined || rest.kind === 'absent' || rest.kind === 'untraced') return all
    if (this.mayHideFault(hops, call)) return { ...all, behind: rest }
    const [first, ...others] = all.hops
    if (first === undefined || rest.kind === 'unsure') return all
    return { ...all, hops: [{ ...first, notes: [...first.notes, rest.says] }, ...others] }
  }

  /**
   * Whether a call failed at the one hop that it led to, at the dialled address itself. If that is a gateway that copies headers,
   * the reason may be a hop behind it.
   */
  private mayHideFault(hops: readonly Found[], call: CallRecord): boolean {
    const [first, ...others] = hops
    if (first === undefined || others.length > 0 || sawOfCall(call) === 'answered') return false
    return first.record.hopId === call.hopId && this.index.isOwn(first.row, hopIdAddress(call.hopId))
  }

  /**
   * Is what was found all that the call can have led to? A way to several instances may have led to more of
   * them.
   */
  private isWhole({ hops, rest }: Asked, call: CallRecord): boolean {
    const address = hopIdAddress(call.hopId)
    if (rest === undefined || rest.kind === 'absent') return true
    const isSigned = hops.some(({ record }) => record.hopId === call.servedBy?.hopId)
    if (isSigned || sawOfCall(call) === 'answered') return true
    return hops.some(({ row }) => this.index.isOwn(row, address))
  }

  /**
   * Whether the call got no hoptrace answer from an address that is not a run's own. In that case each run
   * logs what it takes there before its handler runs. A caller may have sent no id to an untrusted target.
   */
  private isAway(call: CallRecord, host: string | null): boolean {
    const saw = sawOfCall(call)
    const isLost = saw !== 'answered' && saw !== 'unreachable' && call.method !== null
    return isLost && trusted.has(call.target) && this.index.at(hopIdAddress(call.hopId), host).length === 0
  }

  /**
   * What runs know of a call that may have come to them by a way of which their rows do not tell yet.
   * Undefined when there is none.
   */
  private untold(id: HopId, known: readonly InstanceRow[], times: CallTimes): Promise<Asked | undefined> {
    return this.asker.ask(this.index.untold(known, times), id, times, undefined, true)
  }

  /**
   * Where what was dialled is only a way to the callee, a request that got nowhere ended there, and not at
   * the callee.
   */
  private atDialled(rest: WithoutRecord, call: CallRecord, rows: readonly InstanceRow[]): WithoutRecord {
    const address = hopIdAddress(call.hopId)
    const isWay = !rows.some((row) => this.index.isOwn(row, address))
    const saw = sawOfCall(call)
    const isRefused = saw === 'unreachable'
    if (!isWay || !(isRefused || (rest.kind === 'absent' && rest.proof === 'not-taken'))) return rest
    const at = dialled(call)
    // What reads requests may lead to other services, too: which one was meant is not known.
    const isNameless = isRefused || saw === 'proxy-error' || saw === 'error'
    return { ...rest, suspect: isNameless ? at : { ...at, service: rest.suspect.service } }
  }

  /**
   * Who took a message. That no run has is no news: its consumer may not be ours, or not have come to it yet.
   */
  private async consumed(id: HopId, times: CallTimes, errand?: Errand): Promise<Asked | undefined> {
    const asked = await this.asker.ask(this.index.consumers(id, times.startNanos), id, times, errand)
    return asked !== undefined && asked.hops.length > 0 ? asked : undefined
  }

  /**
   * Where instances may be missing from the registry, the absence of a record among the known ones proves
   * nothing.
   */
  private doubted(rest: WithoutRecord): WithoutRecord {
    const { unread } = this.index
    if (unread.length === 0 || rest.kind !== 'absent') return rest
    const { suspect } = rest
    return {
      kind: 'unsure',
      suspect,
      says: `${rest.says}; another instance may be there: ${unread.join('; ')}`,
    }
  }
}

function only(rest: WithoutRecord | undefined): Callees | undefined {
  return rest === undefined ? undefined : { hops: [], rest }
}

/** The hops are all that there is, but for ends that may be lost. */
function whole(hops: readonly Found[]): Callees {
  const ended = hops.filter((hop) => droppedEnd(hop) === undefined)
  const cut = hops.find((hop) => droppedEnd(hop) !== undefined)
  return { hops: ended, rest: cut === undefined ? undefined : droppedEnd(cut) }
}

function isAlive({ state, heartbeatMillis }: InstanceRow): boolean {
  return state === 'running' && Date.now() - heartbeatMillis < timing.aliveRowMillis
}

/**
 * The conclusion that no run reached through an address took the call. `others`: the state of further runs
 * that may be reached through it; undefined if there is none, or if they did not take it either.
 */
function notTaken(
  rest: WithoutRecord,
  rows: readonly InstanceRow[],
  others: WithoutRecord | undefined,
): WithoutRecord {
  if (rest.kind !== 'absent' || rest.proof !== 'not-taken') return rest
  const services = [...new Set(rows.map(({ service }) => service))].slice(0, maxNamed).join(' or ')
  const says = `no process of ${services} took it: ${rest.says}`
  if (others === undefined || others.kind === 'absent' || others.kind === 'untraced') return { ...rest, says }
  const { service, instance } = others.suspect
  const also = `${service} ${instance} may have taken it, too: ${others.says}`
  return { kind: 'unsure', suspect: rest.suspect, says: `${says}; ${also}` }
}

function gone(row: InstanceRow, id: HopId, times: CallTimes): WithoutRecord {
  const suspect = suspectOf(row, id)
  if (row.startNanos > times.endNanos) {
    const says = `no run of ${row.service} ${row.address} is known from that time`
    return { kind: 'unsure', suspect, says }
  }
  return { kind: 'absent', proof: 'gone', suspect, says: `${row.service} ${row.address} had ended before` }
}
