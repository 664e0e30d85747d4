import { timing } from '../../base/timing.js'
import type { CallRecord, HopRecord } from '../../record/record.js'
import { isoNanos } from '../../base/iso.js'
import { isSameRun } from '../../segment/record-parts.js'
import {
  placeOf,
  type Attempt,
  type CalleeEvidence,
  type EvidenceTree,
  type HopEvidence,
  type Place,
  type SkipReason,
} from '../verdict/evidence.js'
import type { Decisive } from '../verdict/overall.js'
import type { InstanceIndex } from './candidates.js'
import { fitOf } from './answers-to.js'
import { ordered } from './attempts.js'
import { hopKey, type Found } from './found.js'
import type { Callees, Locator } from './locate.js'
import { passedOn, passedOnUnread } from './passed-on.js'
import type { Errand } from './source.js'
import { callTimes, isYetToCome, type CallTimes } from './times.js'

/** Bounds of one walk; the answer says what they cut off. */
export interface WalkLimits {
  readonly hops: number
  readonly depth: number
  readonly concurrency: number
  /** Milliseconds on the `performance.now()` clock. */
  readonly deadlineAt: number
}

/** How a walk goes about it. */
export interface WalkOptions {
  readonly locator: Locator
  readonly index: InstanceIndex
  readonly limits: WalkLimits
  /** Aborted at the deadline, or when the caller no longer wants the answer. */
  readonly signal: AbortSignal
  /** Names the question when instances are sent on errands; null: this process asks hop by hop. */
  readonly question: string | null
  /**
   * Ask again what an instance on an errand could not tell. For the one who gives the answer, not for those
   * in between.
   */
  readonly finish: boolean
  readonly onHop?: (hop: HopEvidence, index: number) => void
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface GrowingHop extends Mutable<Omit<HopEvidence, 'callees' | 'attempts'>> {
  callees: CalleeEvidence[]
  attempts?: Attempt[]
}

interface Task {
  readonly node: number
  readonly call: number
}

const skips: Readonly<Record<SkipReason, string>> = {
  hops: 'not looked at: the limit of hops is reached',
  depth: 'not looked at: the limit of depth is reached',
  deadline: 'not looked at: the deadline has passed',
  cycle: 'leads back to a hop that was there already',
  foreign: 'leads to a hop of another trace',
}

/** The share of the time that is left which an errand may take: what is then missing is still asked for. */
const errandShare = 0.8
/**
 * The same for waiting for its answer: what an instance that never comes to an end knows is still read from
 * its store.
 */
const waitShare = 0.9
const minErrandHops = 50

/** Grows the evidence from an entry along `next`, breadth first and several calls at once. No recursion. */
export class Walker {
  private readonly hops: GrowingHop[] = []
  private readonly depths: number[] = []
  /** Ids of hops, and the hops themselves: see `hopKey`. */
  private readonly seen = new Set<string>()
  private readonly asking = new Set<string>()
  private readonly notes = new Set<string>()
  private readonly queue: Task[] = []
  private head = 0
  private asked = 0
  private partial = false

  constructor(private readonly options: WalkOptions) {}

  /** Walks everything below `entry`. Runs once. */
  async run(entry: Found): Promise<EvidenceTree> {
    this.add(entry, null)
    await this.walk()
    return this.tree()
  }

  /**
   * Checks these hops, the hops that lead to them, and their calls directly with their own runs, if other
   * instances reported them. Undefined if no other instance reported any of them.
   */
  async confirm(decisive: readonly Decisive[]): Promise<EvidenceTree | undefined> {
    const told = new Set<number>()
    const calls: Task[] = []
    for (const { node, call } of decisive) {
      for (let at: number | null = node; at !== null; at = this.hops[at]?.parent ?? null)
        if (this.hops[at]?.toldBy !== undefined) told.add(at)
      const hop = this.hops[node]
      const callee = call === null ? undefined : hop?.callees[call]
      if (hop === undefined || call === null || callee === undefined) continue
      if (callee.kind === 'hop' || callee.toldBy === undefined) continue
      hop.callees[call] = unasked(hop.record.next[call] as CallRecord, 'deadline')
      calls.push({ node, call })
    }
    if (told.size === 0 && calls.length === 0) return undefined
    await Promise.all([...told].map((at) => this.recheck(at)))
    this.queue.push(...calls)
    await this.walk()
    return this.tree()
  }

  private tree(): EvidenceTree {
    return { hops: [...this.hops], notes: [...this.notes], partial: this.partial }
  }

  /** What a hop's own run, or its log and store, say of it. */
  private async recheck(node: number): Promise<void> {
    const hop = this.hops[node] as GrowingHop
    const { record, callees, parent, call, passedOn: more = 0 } = hop
    delete hop.toldBy
    const found = await this.options.locator.own(record)
    if (found !== undefined) {
      const concluded = more === 0 ? [] : record.next.slice(-more)
      const byId = new Map(record.next.map(({ hopId }, index) => [hopId, callees[index]]))
      hop.record = { ...found.record, next: [...found.record.next, ...concluded] }
      hop.source = found.source
      hop.liveness = found.liveness
      if (found.blockedSince !== undefined) hop.blockedSince = found.blockedSince
      hop.callees = hop.record.next.map((made) => byId.get(made.hopId) ?? unasked(made, 'deadline'))
      for (const [index, { hopId }] of found.record.next.entries())
        if (!byId.has(hopId)) this.queue.push({ node, call: index })
      return
    }
    const above = parent === null ? undefined : this.hops[parent]
    if (above === undefined || call === null) return
    const suspect = placeOf(record)
    const says = `another instance told of a hop of ${record.service} ${record.instance.address}, which its own run does not confirm`
    const callee = above.callees[call]
    above.attempts = (above.attempts ?? []).filter((attempt) => attempt.node !== node)
    if (callee?.kind === 'hop' && callee.node === node)
      above.callees[call] = { kind: 'unsure', suspect, says }
  }

  private async walk(): Promise<void> {
    const failures: unknown[] = []
    let lanes = 0
    let wake = (): void => undefined
    while (this.head < this.queue.length || lanes > 0) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      while (this.head < this.queue.length && lanes < this.options.limits.concurrency) {
        const task = this.queue[this.head++] as Task
        if (this.isSettled(task)) continue
        lanes++
        void this.follow(task)
          .catch((error: unknown) => failures.push(error))
          .finally(() => {
            lanes--
            wake()
          })
      }
      if (this.head > 4096) {
        this.queue.splice(0, this.head)
        this.head = 0
      }
      if (lanes > 0) await woken
    }
    if (failures.length > 0) throw failures[0]
  }

  /** Is nothing to be asked about a call, because its hop is known, or a limit is reached? */
  private isSettled({ node, call }: Task): boolean {
    const hop = this.hops[node] as GrowingHop
    const made = hop.record.next[call] as CallRecord
    if (hop.callees[call]?.kind === 'hop') return true
    const { limits } = this.options
    const why =
      (this.isOver() && 'deadline') ||
      (this.asked >= limits.hops && 'hops') ||
      ((this.depths[node] ?? 0) + 1 >= limits.depth && 'depth') ||
      // A circle is not asked about.
      ((this.seen.has(made.hopId) || this.asking.has(made.hopId)) && 'cycle')
    if (why === false) return false
    this.skip(node, call, why)
    return true
  }

  private isOver(): boolean {
    const { signal, limits } = this.options
    return signal.aborted || performance.now() >= limits.deadlineAt
  }

  private async follow({ node, call }: Task): Promise<void> {
    const { locator, index } = this.options
    const hop = this.hops[node] as GrowingHop
    const made = hop.record.next[call] as CallRecord
    this.asking.add(made.hopId)
    this.asked++
    const callees = await locator.callees(
      hop.record,
      made,
      index.hostOf(hop.record.instance),
      this.errand(node),
    )
    this.asking.delete(made.hopId)
    if (callees.hops.length === 0 && callees.rest?.kind !== 'absent' && this.isOver())
      return this.skip(node, call, 'deadline')
    this.place(node, call, made, callees)
  }

  private place(node: number, call: number, made: CallRecord, { hops, rest, behind: unread }: Callees): void {
    const { record } = this.hops[node] as GrowingHop
    const times = callTimes(record, made)
    const fits: Found[] = []
    let misfit: CalleeEvidence | undefined
    for (const found of hops) {
      const fit = fitOf(found.record, made, record.traceId, times)
      if (this.seen.has(hopKey(found.record))) misfit = this.skipped(node, call, 'cycle')
      else if (fit === 'fits') fits.push(found)
      else if (fit === 'foreign') misfit ??= this.skipped(node, call, 'foreign')
      else misfit ??= untimely(found, made)
    }
    const { first, attempts, behind } = ordered(fits, made)
    const main = rest === undefined ? first : undefined
    const callee = rest ?? misfit
    if (main === undefined && callee !== undefined) (this.hops[node] as GrowingHop).callees[call] = callee
    if (main !== undefined && behind.length > 0) {
      const { found, index } = passedOn(main, behind)
      const gateway = this.take(found, { node, call }, false)
      if (gateway === undefined) return
      for (const [nth, hop] of behind.entries()) this.take(hop, { node: gateway, call: index }, nth > 0)
      return
    }
    if (main !== undefined && unread !== undefined) {
      const { found, index } = passedOnUnread(main, unread.suspect)
      const gateway = this.take(found, { node, call }, false)
      if (gateway !== undefined) (this.hops[gateway] as GrowingHop).callees[index] = unread
      return
    }
    const besides = main === undefined ? fits : attempts
    if (main !== undefined) this.take(main, { node, call }, false)
    for (const hop of besides) this.take(hop, { node, call }, true)
  }

  /** Takes a hop in if there is room for it. */
  private take(found: Found, parent: Task, isAttempt: boolean): number | undefined {
    if (this.hops.length >= this.options.limits.hops) {
      if (isAttempt) this.partial = true
      else this.skip(parent.node, parent.call, 'hops')
      return undefined
    }
    return this.add(found, parent, isAttempt)
  }

  /** Takes a hop in, with all that an errand brought. */
  private add(found: Found, parent: Task | null, isAttempt = false): number {
    for (const note of found.notes) this.note(note)
    const root = this.append(found, parent, isAttempt)
    const subtree = found.subtree
    if (subtree === undefined) {
      this.enqueue(root)
      return root
    }
    const { service, instance } = found.record
    const toldBy = `${service} ${instance.address}`
    for (const note of subtree.notes) this.note(`${toldBy} says: ${note}`)
    const places: (number | undefined)[] = [root]
    for (const [index, hop] of subtree.hops.entries()) {
      if (index > 0) {
        const above = hop.parent === null ? undefined : places[hop.parent]
        if (above === undefined || hop.call === null || this.seen.has(hopKey(hop.record))) continue
        if (this.hops.length >= this.options.limits.hops) break
        if (!this.fits(hop.record, above, hop.call)) continue
        const { callees } = this.hops[above] as GrowingHop
        if (hop.call >= callees.length) continue
        const told = subtree.hops[hop.parent as number]?.callees[hop.call]
        const isMain = told?.kind === 'hop' && told.node === index
        // A run speaks for itself.
        const isOwn = isSameRun(hop.record.instance, instance)
        const said = isOwn ? hop : { ...hop, toldBy }
        places[index] = this.append(said, { node: above, call: hop.call }, !isMain)
      }
      this.adopt(places[index] as number, hop, toldBy)
    }
    return root
  }

  /** Whether a record that another instance reported answers the call that it claims to answer. */
  private fits(record: HopRecord, node: number, call: number): boolean {
    const hop = this.hops[node] as GrowingHop
    const made = hop.record.next[call]
    if (made === undefined) return false
    return (
      isConcluded(hop, call) ||
      fitOf(record, made, hop.record.traceId, callTimes(hop.record, made)) === 'fits'
    )
  }

  /** Takes over what an errand found about calls that have no hop, and asks again where that may help. */
  private adopt(node: number, told: HopEvidence, toldBy: string): void {
    const hop = this.hops[node] as GrowingHop
    for (const [call, callee] of told.callees.entries()) {
      if (callee.kind === 'hop' || call >= hop.callees.length) continue
      hop.callees[call] = { ...callee, toldBy }
      if (isConcluded(hop, call)) continue
      if (callee.kind === 'skipped' && callee.why === 'foreign') continue
      const again =
        callee.kind === 'skipped' ||
        (this.options.finish && callee.kind !== 'absent' && callee.kind !== 'dropped')
      if (again) this.queue.push({ node, call })
    }
    // Hops that did not fit, or that a graft left out, are asked for like any other.
    for (const [call, callee] of told.callees.entries()) {
      if (callee.kind === 'hop' && call < hop.callees.length && !isConcluded(hop, call))
        this.queue.push({ node, call })
    }
  }

  private append(
    found: Pick<
      HopEvidence,
      'record' | 'source' | 'liveness' | 'outlived' | 'passedOn' | 'blockedSince' | 'toldBy'
    >,
    parent: Task | null,
    isAttempt: boolean,
  ): number {
    const { record, source, liveness } = found
    const outlived = parent !== null && (found.outlived === true || this.outlived(record, parent))
    const index = this.hops.length
    const hop: GrowingHop = {
      record,
      source,
      liveness,
      ...(outlived ? { outlived } : {}),
      ...(found.blockedSince === undefined ? {} : { blockedSince: found.blockedSince }),
      ...(found.passedOn === undefined ? {} : { passedOn: found.passedOn }),
      ...(found.toldBy === undefined ? {} : { toldBy: found.toldBy }),
      parent: parent?.node ?? null,
      call: parent?.call ?? null,
      callees: record.next.map((call) => unasked(call, 'deadline')),
    }
    this.hops.push(hop)
    this.depths.push(parent === null ? 0 : (this.depths[parent.node] ?? 0) + 1)
    this.seen.add(record.hopId).add(hopKey(record))
    if (parent !== null) {
      const above = this.hops[parent.node] as GrowingHop
      if (isAttempt) (above.attempts ??= []).push({ call: parent.call, node: index })
      else above.callees[parent.call] = { kind: 'hop', node: index }
    }
    this.options.onHop?.(hop, index)
    return index
  }

  /** Did the hop's process show life after the call was over? */
  private outlived(record: HopRecord, { node, call }: Task): boolean {
    const caller = (this.hops[node] as GrowingHop).record
    const made = caller.next[call]
    const aliveNanos = this.options.index.aliveNanos(record.instance)
    if (made === undefined || isYetToCome(aliveNanos)) return false
    return aliveNanos >= endByCallee(record, callTimes(caller, made)) + timing.settleNanos
  }

  private enqueue(node: number): void {
    const hop = this.hops[node] as GrowingHop
    const recorded = hop.callees.length - (hop.passedOn ?? 0)
    for (let call = 0; call < recorded; call++) this.queue.push({ node, call })
  }

  private skip(node: number, call: number, why: SkipReason): void {
    ;(this.hops[node] as GrowingHop).callees[call] = this.skipped(node, call, why)
  }

  private skipped(node: number, call: number, why: SkipReason): CalleeEvidence {
    const { record } = this.hops[node] as GrowingHop
    const made = record.next[call] as CallRecord
    if (why !== 'cycle' && why !== 'foreign') this.partial = true
    this.note(`${record.service} -> ${made.target} ${skips[why]}`)
    return unasked(made, why)
  }

  private note(text: string): void {
    if (this.notes.size < 100) this.notes.add(text)
  }

  /** What the entry's instance may be sent on. */
  entryErrand(): Errand | undefined {
    return this.errand(-1)
  }

  private errand(node: number): Errand | undefined {
    const { question, limits } = this.options
    if (question === null) return undefined
    const left = limits.hops - this.hops.length
    const waiting = this.queue.length - this.head + 1
    const leftMillis = limits.deadlineAt - performance.now()
    return {
      question,
      hops: Math.max(minErrandHops, Math.floor(left / waiting)),
      depth: limits.depth - (this.depths[node] ?? -1) - 1,
      deadlineMillis: Math.floor(leftMillis * errandShare),
      waitMillis: Math.floor(leftMillis * waitShare),
    }
  }
}

/** When a call was over by the clock of its callee: where the clocks differ, the hop's begin tells. */
function endByCallee({ startNanos: began }: HopRecord, { startNanos, endNanos }: CallTimes): bigint {
  const isAgreed = began + timing.settleNanos >= startNanos && began <= endNanos + timing.settleNanos
  return isAgreed ? endNanos : began + (endNanos - startNanos)
}

/** Is this a call that is concluded from what it led to, and not recorded? */
function isConcluded({ callees, passedOn = 0 }: HopEvidence, call: number): boolean {
  return call >= callees.length - passedOn
}

function untimely({ record, row }: Found, call: CallRecord): CalleeEvidence {
  const suspect: Place = { service: row.service, instance: row.address, hopId: call.hopId }
  const says = `${row.service} ${row.address} has a hop of this call that began at ${isoNanos(record.startNanos)}: clocks are far apart, or the request was sent again`
  return { kind: 'untimely', suspect, says }
}

function unasked(call: CallRecord, why: SkipReason): CalleeEvidence {
  const suspect: Place = { service: call.service ?? call.target, instance: call.target, hopId: call.hopId }
  return { kind: 'skipped', why, suspect, says: skips[why] }
}
