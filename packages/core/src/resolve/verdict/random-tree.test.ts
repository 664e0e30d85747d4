import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallRecord, HopRecord } from '../../record/record.js'
import { baseNanos, testCall, testHop, testId, testRecord } from '../test-trace.fixture.js'
import type { Attempt, CalleeEvidence, HopEvidence } from './evidence.js'
import { judge } from './overall.js'

/** What really happened to one hop. */
interface Truth {
  /**
   * `dies`: its process ends with the hop open. `unread`: the process ends before it reads. `down`: nothing
   * listens.
   */
  readonly fate: 'answers' | 'fails' | 'dies' | 'unread' | 'down' | 'hangs'
  /** It answers below 500 whatever becomes of its calls. */
  readonly tolerant: boolean
  /** No caller waits for its answer. */
  readonly fired: boolean
  /** What the evidence loses of it. */
  readonly loss:
    | 'none'
    | 'pending'
    | 'unreadable'
    | 'lost'
    | 'unregistered'
    | 'other-key'
    | 'untimely'
    | 'cut-end'
    | 'cut-calls'
  /**
   * The number of instances that a proxy tried before it and that died of the request. Null: there is no
   * proxy.
   */
  readonly tried: number | null
  /** Are the records of these known? */
  readonly triedShown: boolean
  readonly calls: readonly Truth[]
}

/** Trees with at most this many levels. */
function truthOf(levels: number): fc.Arbitrary<Truth> {
  return fc.record({
    fate: fc.oneof(
      { weight: 6, arbitrary: fc.constant('answers' as const) },
      { weight: 1, arbitrary: fc.constantFrom('fails', 'dies', 'unread', 'down', 'hangs') },
    ),
    tolerant: fc.boolean(),
    fired: fc.oneof(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    loss: fc.oneof(
      { weight: 5, arbitrary: fc.constant('none' as const) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'pending',
          'unreadable',
          'lost',
          'unregistered',
          'other-key',
          'untimely',
          'cut-end',
          'cut-calls',
        ),
      },
    ),
    tried: fc.oneof(
      { weight: 3, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 2) },
    ),
    triedShown: fc.boolean(),
    calls: levels === 0 ? fc.constant([]) : fc.array(truthOf(levels - 1), { maxLength: 3 }),
  })
}

const truth = truthOf(4)

/** How a hop ends, once those below it have. */
interface Ended {
  /** What its caller sees. */
  readonly seen: string | null
  /** Everything that may be said to have ended it, as `verdict port`; empty when it went well. */
  readonly causes: ReadonlySet<string>
  /** Unseen faults below it. */
  readonly unseen: ReadonlySet<string>
  /** Something below (or it) still runs and counts. */
  readonly running: boolean
}

/** Plays one trace: what happened, and the evidence that is left of it. */
class Play {
  readonly hops: HopEvidence[] = []
  private port = 5000
  private readonly traceId = testId(5000)

  /** The record is added to the tree before those below it. */
  play(
    happens: Truth,
    parent: { node: number; call: number; id: HopRecord['hopId'] } | null,
    visible: boolean,
  ): Ended {
    const port = this.port++
    const { fate, calls, tolerant } = happens
    const node = this.hops.length
    const next: CallRecord[] = []
    const callees: CalleeEvidence[] = []
    const attempts: Attempt[] = []
    const shown = visible && fate !== 'unread' && fate !== 'down'
    if (shown) this.hops.push(testHop(testRecord('s', port)))
    if (fate === 'down') return end('ECONNREFUSED', [`unreachable ${port}`])
    if (fate === 'unread') return end('ECONNRESET', [`died ${port}`])
    const below = calls.map((call, index): { ended: Ended; fired: boolean } => {
      const before = this.attempts(call, { node, call: index }, shown && call.triedShown)
      attempts.push(...before.attempts)
      const id = testId(this.port)
      const calleePort = this.port
      const seen = shown && shows.has(call.loss)
      const place = this.hops.length
      const played = this.play(call, { node, call: index, id }, seen)
      const gone = call.fate === 'unread' || call.fate === 'down'
      const answeredFor = call.tried !== null && gone ? [`failed ${calleePort}`] : []
      const ended = call.tried === null ? played : behindProxy(played, [...before.deaths, ...answeredFor])
      // A hop that hangs never ends its call; a caller that dies or hangs with it had not seen it yet.
      const outcome = call.fired
        ? null
        : ended.seen === 'hangs'
          ? fate === 'dies'
            ? null
            : call.tried === null
              ? 'ETIMEDOUT'
              : '504'
          : ended.seen
      const signs = outcome !== null && outcome === played.seen && /^\d+$/.test(outcome)
      const servedBy = signs ? { hopId: id, service: 's', address: `127.0.0.1:${calleePort}` } : null
      const durationMicros = outcome === null ? null : 500
      next.push(testCall(calleePort, { hopId: id, outcome, durationMicros, servedBy }))
      const suspect = { service: 's', instance: `127.0.0.1:${calleePort}`, hopId: id }
      if (call.loss === 'unreadable') callees.push({ kind: 'unreadable', suspect, says: 'unreadable' })
      else if (call.loss === 'pending') callees.push({ kind: 'unsure', suspect, says: 'pending' })
      else if (call.loss === 'unregistered' || call.loss === 'other-key' || call.loss === 'untimely')
        callees.push({ kind: call.loss, suspect, says: call.loss })
      else if (gone) {
        // With a proxy, each instance logs the request before it handles it, also those of `tried`.
        const isKnown = call.tried === 0 || (call.tried !== null && shown && call.triedShown)
        const proof = isKnown && call.loss === 'none' ? 'not-taken' : 'ended-during'
        callees.push({ kind: 'absent', proof, suspect, says: 'ended' })
      } else if (call.loss === 'lost') callees.push({ kind: 'dropped', suspect, says: 'dropped' })
      else callees.push({ kind: 'hop', node: place })
      return { ended, fired: call.fired }
    })
    const causes = new Set<string>()
    const unseen = new Set<string>()
    let running = false
    for (const { ended, fired } of below) {
      running ||= ended.running
      // A caller that continues without a callee also handles everything below the callee.
      const handled = !fired && ended.causes.size > 0 && tolerant && fate === 'answers'
      if (!handled) for (const fault of ended.unseen) unseen.add(fault)
      if (fired) for (const fault of ended.causes) unseen.add(fault)
      else if (!tolerant || fate !== 'answers') for (const fault of ended.causes) causes.add(fault)
    }
    const own = new Set<string>()
    let status: number | null = 200
    let state: HopRecord['state'] = 'closed'
    let seen: string = '200'
    if (fate === 'dies') {
      own.add(`died ${port}`)
      for (const { ended } of below)
        for (const fault of ended.causes) if (fault.startsWith('died')) own.add(fault)
      ;[status, state, seen] = [null, 'interrupted', 'ECONNRESET']
    } else if (fate === 'hangs') {
      own.add(`failed ${port}`)
      for (const { ended } of below) for (const fault of ended.causes) own.add(fault)
      ;[status, state, seen] = [null, 'open', 'hangs']
      running = true
    } else if (fate === 'fails') {
      own.add(`failed ${port}`)
      for (const fault of causes) own.add(fault)
      ;[status, seen] = [500, '500']
    } else if (causes.size > 0) {
      for (const fault of causes) own.add(fault)
      ;[status, seen] = [502, '502']
    }
    if (shown) {
      // The end of its log is lost, or what it saw of its calls.
      const isCut = happens.loss === 'cut-end' || happens.loss === 'cut-calls'
      if (happens.loss === 'cut-end') [status, state] = [null, 'interrupted']
      const seenCalls =
        happens.loss === 'cut-calls'
          ? next.map((call) => ({ ...call, outcome: null, durationMicros: null, servedBy: null }))
          : next
      const record = testRecord('s', port, {
        lost: isCut ? 2 : 0,
        traceId: this.traceId,
        hopId: parent?.id ?? this.traceId,
        status,
        state,
        durationMicros: state === 'closed' ? 5000 : null,
        next: seenCalls,
        startNanos: baseNanos + BigInt(port) * 1000n,
      })
      const liveness = fate === 'dies' ? 'ended' : 'alive'
      const hop = testHop(record, {
        liveness,
        parent: parent?.node ?? null,
        call: parent?.call ?? null,
        callees,
        ...(attempts.length === 0 ? {} : { attempts }),
      })
      this.hops[node] = hop
    }
    return { seen, causes: own, unseen, running }
  }

  /** Instances that had the request first, and died with it. */
  private attempts(
    { tried }: Truth,
    parent: { node: number; call: number },
    visible: boolean,
  ): { attempts: Attempt[]; deaths: string[] } {
    const attempts: Attempt[] = []
    const deaths: string[] = []
    for (let nth = 0; nth < (tried ?? 0); nth++) {
      const port = this.port++
      deaths.push(`died ${port}`)
      if (!visible) continue
      attempts.push({ call: parent.call, node: this.hops.length })
      const died = { state: 'interrupted', status: null, durationMicros: null } as const
      const record = testRecord('s', port, { traceId: this.traceId, hopId: testId(port), ...died })
      this.hops.push(testHop(record, { ...parent, liveness: 'ended' }))
    }
    return { attempts, deaths }
  }
}

/** The entry is known, if not whole. */
function cutOnly(loss: Truth['loss']): Truth['loss'] {
  return loss === 'cut-end' || loss === 'cut-calls' ? loss : 'none'
}

const shows = new Set<Truth['loss']>(['none', 'cut-end', 'cut-calls'])

/** What a caller sees through a proxy: an answer as it is, and for anything else a status of the proxy. */
function behindProxy(ended: Ended, deaths: readonly string[]): Ended {
  const all = new Set([...ended.causes, ...deaths])
  if (ended.seen === null || ended.seen === 'hangs') return { ...ended, causes: all }
  if (/^\d+$/.test(ended.seen)) return ended
  return { ...ended, seen: '502', causes: all }
}

function end(seen: string, causes: string[]): Ended {
  return { seen, causes: new Set(causes), unseen: new Set(), running: false }
}

describe('the verdict on random trees', () => {
  it('never contradicts what really happened, whatever the evidence has lost', () => {
    const told = new Map<string, number>()
    fc.assert(
      fc.property(truth, (happens) => {
        fc.pre(happens.fate !== 'down' && happens.fate !== 'unread')
        const play = new Play()
        const really = play.play({ ...happens, fired: false, loss: cutOnly(happens.loss) }, null, true)
        const { verdict, endedAt } = judge({ hops: play.hops, notes: [], partial: false })
        told.set(verdict, (told.get(verdict) ?? 0) + 1)
        const port = endedAt?.instance.split(':')[1]
        const acceptable = new Set<string>()
        for (const fault of [...really.causes, ...really.unseen]) {
          acceptable.add(fault)
          if (fault === 'died 5000') acceptable.add('interrupted 5000')
        }
        if (verdict === 'undetermined') return
        if (verdict === 'completed') expect([...really.causes, ...really.unseen]).toEqual([])
        else if (verdict === 'running') expect(really.running).toBe(true)
        else expect([...acceptable]).toContain(`${verdict} ${port}`)
      }),
      { numRuns: 5000 },
    )
    // The property is worth nothing when most answers are evasive.
    for (const verdict of [
      'completed',
      'failed',
      'died',
      'unreachable',
      'running',
      'interrupted',
      'undetermined',
    ]) {
      expect(told.get(verdict) ?? 0, verdict).toBeGreaterThan(20)
    }
  })

  it('is certain when the evidence is whole', () => {
    fc.assert(
      fc.property(truth, (happens) => {
        fc.pre(happens.fate !== 'down' && happens.fate !== 'unread')
        const whole = (hop: Truth): Truth => ({
          ...hop,
          loss: 'none',
          fired: false,
          tried: null,
          calls: hop.calls.map(whole),
        })
        const play = new Play()
        const really = play.play(whole(happens), null, true)
        const { verdict } = judge({ hops: play.hops, notes: [], partial: false })
        if (really.causes.size === 0 && !really.running) expect(verdict).toBe('completed')
        else expect(verdict).not.toBe('undetermined')
      }),
      { numRuns: 3000 },
    )
  })

  it('needs neither a deep stack nor much time for a chain of 20,000 hops', () => {
    const hops: HopEvidence[] = []
    const length = 20_000
    for (let node = 0; node < length; node++) {
      const last = node === length - 1
      const next = last ? [] : [testCall(4000, { outcome: '502' })]
      const record = testRecord('s', 4000, { status: 502, next })
      const callees: CalleeEvidence[] = last ? [] : [{ kind: 'hop', node: node + 1 }]
      hops.push(
        testHop(record, { parent: node === 0 ? null : node - 1, call: node === 0 ? null : 0, callees }),
      )
    }
    const { verdict, endedAt, lastHealthy } = judge({ hops, notes: [], partial: false })
    expect(verdict).toBe('failed')
    expect(endedAt?.hopId).toBe(hops[length - 1]?.record.hopId)
    expect(lastHealthy?.hopId).toBe(hops[length - 2]?.record.hopId)
  })
})
