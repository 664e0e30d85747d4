import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallRecord, HopRecord } from '../record/record.js'
import { formatHopId, rebaseId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../record/instance-row.js'
import { createResolver, type Resolver } from './create-resolver.js'
import type { ResolveResult } from './result.js'
import { MemoryRegistry, TestInstance } from './test-instance.fixture.js'
import { baseNanos, testCall, testId, testRecord } from './test-trace.fixture.js'

/** A proxy: an address that is none of an instance's own. */
const proxy = { ip: '10.9.0.1', port: 80 }
const proxyAddress = `${proxy.ip}:${proxy.port}`

/** What a caller assigns that dials the proxy, or an instance. */
function assigned(nanos: bigint, { ip, port } = proxy): HopId {
  return formatHopId({ nanos, assigned: true, issuer: 5, counter: 0, ip, port })
}

let registry: MemoryRegistry
let a: TestInstance
let b: TestInstance
let c: TestInstance
let resolver: Resolver

beforeEach(async () => {
  registry = new MemoryRegistry()
  a = await new TestInstance('a', registry).start()
  b = await new TestInstance('b', registry).start()
  c = await new TestInstance('b', registry).start()
  for (const instance of [b, c]) instance.register({ reached: [proxyAddress], heartbeatMillis: Date.now() })
  resolver = createResolver({ registry, dir: registry.dataDir, patienceMillis: 500 })
})

afterEach(async () => {
  await resolver.close()
  for (const instance of [a, b, c]) await instance.stop()
  registry[Symbol.dispose]()
})

/** The entry, which made one call. */
function entry(call: CallRecord, more: Partial<HopRecord> = {}): HopRecord {
  const record = testRecord('a', a.port, { next: [call], ...more })
  a.records.push(record)
  return record
}

/** What an instance recorded of the call. */
function taken(by: TestInstance, id: HopId, trace: HopRecord, more: Partial<HopRecord> = {}): HopRecord {
  const record = testRecord('b', by.port, {
    hopId: rebaseId(id, `127.0.0.1:${by.port}`),
    traceId: trace.hopId,
    ...more,
  })
  by.records.push(record)
  return record
}

const open = { state: 'open', status: null, durationMicros: null } as const
const died = { ...open, state: 'interrupted' } as const
/** Its process ended, and its log was shipped. */
const dead: Partial<InstanceRow> = {
  state: 'dead',
  heartbeatMillis: Number(baseNanos / 1_000_000n),
  shippedThroughNanos: baseNanos,
}

function servedBy(by: TestInstance, hopId: HopId): CallRecord['servedBy'] {
  return { hopId, service: 'b', address: `127.0.0.1:${by.port}` }
}

const ends = ({ verdict, endedAt }: ResolveResult): unknown => [verdict, endedAt?.instance]
const at = (instance: TestInstance): string => `127.0.0.1:${instance.port}`

describe('a service reached through a proxy', () => {
  it('is found by key, by its own id, and by the id that its caller had assigned', async () => {
    const id = assigned(baseNanos + 1n)
    const own = rebaseId(id, at(c))
    const root = entry(testCall(80, { hopId: id, servedBy: servedBy(c, own) }))
    taken(c, id, root, { keys: { orderId: '42' } })
    for (const question of ['orderId=42', own, id, root.hopId]) {
      const result = await resolver.resolve(question)
      expect(result.verdict, question).toBe('completed')
      expect(result.hops.map(({ hopId }) => hopId)).toEqual([root.hopId, own])
    }
  })

  it('is asked alone when the answer said that it served', async () => {
    const id = assigned(baseNanos + 2n)
    const root = entry(testCall(80, { hopId: id, servedBy: servedBy(c, rebaseId(id, at(c))) }))
    taken(c, id, root)
    b.asked.length = 0
    await resolver.resolve(root.hopId)
    expect(b.asked).toEqual([])
  })

  it('is named when it died in the call, among all that are reached through the proxy', async () => {
    const id = assigned(baseNanos + 3n)
    const root = entry(testCall(80, { hopId: id, outcome: 'ECONNRESET' }), { status: 502 })
    await b.ship(taken(b, id, root, died))
    await b.stop()
    b.register(dead)
    expect(ends(await resolver.resolve(root.hopId))).toEqual(['died', at(b)])
  })

  it('was never reached where the proxy refused', async () => {
    const id = assigned(baseNanos + 4n)
    const root = entry(testCall(80, { hopId: id, target: proxyAddress, outcome: 'ECONNREFUSED' }), {
      status: 502,
    })
    expect(ends(await resolver.resolve(root.hopId))).toEqual(['unreachable', proxyAddress])
  })

  describe('that answered 502 in its place', () => {
    /** The proxy gave the answer: what became of the call for its caller. */
    const refused = (nanos: bigint, outcome = '502', target = proxyAddress): HopRecord =>
      entry(testCall(80, { hopId: assigned(nanos), target, outcome }), { hopId: testId(a.port), status: 502 })
    const end = async (...instances: TestInstance[]): Promise<void> => {
      for (const instance of instances) {
        await instance.stop()
        instance.register(dead)
      }
    }

    it('did not take the call when all that are reached through it are known to the end, and have none', async () => {
      a.register({ heartbeatMillis: Date.now() })
      const check = async (nanos: bigint): Promise<void> => {
        for (const outcome of ['502', '503', '504']) {
          const result = await resolver.resolve(refused(nanos, outcome).hopId)
          expect(ends(result)).toEqual(['failed', proxyAddress])
          expect(result.endedAt?.service).toBe(proxyAddress)
          expect(result.lastHealthy?.service).toBe('a')
          expect(result.evidence.join()).toContain('no process of b took it: b ')
        }
      }
      await check(baseNanos + 100n)
      await end(b)
      await check(baseNanos + 101n)
      await end(c)
      await check(baseNanos + 102n)
      const none = { heartbeatMillis: Number((baseNanos - 90_000_000_000n) / 1_000_000n) }
      for (const instance of [b, c]) instance.register(none)
      await check(baseNanos + 103n)
    })

    it('may have been taken by a run of which nothing is known yet', async () => {
      a.register({ heartbeatMillis: Date.now() })
      await end(b)
      const other = await new TestInstance('other', registry).start()
      other.register({ shippedThroughNanos: 0n })
      await other.stop()
      const said = async (): Promise<ResolveResult> => resolver.resolve(refused(baseNanos + 110n).hopId)
      const result = await said()
      expect(result.verdict).toBe('undetermined')
      expect(result.evidence.join()).toContain(`other ${at(other)} may have taken it, too`)
      other.register(dead)
      await new Promise((resolve) => setTimeout(resolve, 600))
      expect(ends(await said())).toEqual(['failed', proxyAddress])
    })

    it('was taken by a run of which only its store tells so', async () => {
      await end(b, c)
      const other = await new TestInstance('other', registry).start()
      const root = refused(baseNanos + 111n)
      const id = root.next[0]?.hopId as HopId
      await other.ship(taken(other, id, root, { ...died, service: 'other' }))
      await other.stop()
      expect(ends(await resolver.resolve(root.hopId))).toEqual(['died', at(other)])
    })

    it('is not known to have had none where the caller may have sent no id, or what was dialled is its own address', async () => {
      a.register({ heartbeatMillis: Date.now() })
      await end(b, c)
      for (const instance of [b, c]) instance.register({ reached: ['93.184.216.34:80'] })
      const outside = { ip: '93.184.216.34', port: 80 }
      const own = { ip: '127.0.0.1', port: b.port }
      for (const place of [outside, own]) {
        const target = `${place.ip}:${place.port}`
        const call = testCall(80, { hopId: assigned(baseNanos + 120n, place), target, outcome: '502' })
        const root = entry(call, { hopId: testId(a.port), status: 502 })
        expect((await resolver.resolve(root.hopId)).verdict, target).toBe('undetermined')
      }
    })
  })
})

describe('a proxy that tries the next instance', () => {
  it('leaves a dead attempt, handled, next to the one that answered', async () => {
    const id = assigned(baseNanos + 10n)
    const root = entry(testCall(80, { hopId: id, servedBy: servedBy(c, rebaseId(id, at(c))) }))
    await b.ship(taken(b, id, root, died))
    await b.stop()
    b.register(dead)
    taken(c, id, root)
    const result = await resolver.resolve(root.hopId)
    expect(result.verdict).toBe('completed')
    expect(result.faults).toMatchObject([{ verdict: 'died', instance: at(b), handled: true }])
    expect(result.hops[0]?.next[0]).toMatchObject({
      hopId: rebaseId(id, at(c)),
      attempts: [rebaseId(id, at(b))],
    })
    expect(result.hops.map(({ calledBy }) => calledBy)).toEqual([null, root.hopId, root.hopId])
  })

  it('names a dead one when none answered', async () => {
    const id = assigned(baseNanos + 11n)
    const root = entry(testCall(80, { hopId: id, outcome: '502' }), { status: 502 })
    for (const instance of [b, c]) {
      await instance.ship(taken(instance, id, root, died))
      await instance.stop()
      instance.register(dead)
    }
    const result = await resolver.resolve(root.hopId)
    expect(result.verdict).toBe('died')
    expect(result.hops).toHaveLength(3)
  })
})

describe('two runs that take one id', () => {
  it('have a hop each: of an attempt that failed and one that died after it, the death counts', async () => {
    // One address on two hosts, or one process after the other.
    const own = { address: at(b), startNanos: baseNanos - 30_000_000_000n }
    Object.assign(b.more, dead)
    Object.assign(c.more, dead, own)
    const id = assigned(baseNanos + 12n)
    const root = entry(testCall(80, { hopId: id, outcome: '502' }), { status: 502 })
    await b.ship(taken(b, id, root, { status: 500 }))
    const instance = { worker: 0, ...own }
    await c.ship(taken(c, id, root, { ...died, hopId: rebaseId(id, at(b)), instance }))
    for (const one of [b, c]) await one.stop()
    registry.rows = [a.row(), b.row(), c.row()]
    const result = await resolver.resolve(root.hopId)
    expect(ends(result)).toEqual(['died', at(b)])
    expect(result.hops.map(({ state }) => state).sort()).toEqual(['closed', 'closed', 'interrupted'])
  })
})

describe('a gateway that passes on the headers that it got', () => {
  it('is above the service that it calls, which is named when it died', async () => {
    const id = assigned(baseNanos + 20n, { ip: '127.0.0.1', port: b.port })
    c.register({ reached: [at(b)] })
    const root = entry(testCall(b.port, { hopId: id, outcome: '502' }), { status: 502 })
    const gateway = taken(b, id, root, { status: 502 })
    await c.ship(taken(c, id, root, died))
    await c.stop()
    c.register(dead)
    const result = await resolver.resolve(root.hopId)
    expect(ends(result)).toEqual(['died', at(c)])
    expect(result.lastHealthy?.instance).toBe(at(b))
    expect(result.hops.map(({ calledBy }) => calledBy)).toEqual([null, root.hopId, gateway.hopId])
    expect(result.hops[1]?.next).toMatchObject([{ outcome: '502', passedOn: true }])
  })

  describe('to a service whose log cannot be read', () => {
    const unread = async (): Promise<void> => {
      const heartbeatMillis = Number(baseNanos / 1_000_000n) + 60_000
      c.register({ reached: [at(b)], heartbeatMillis, shippedThroughNanos: 0n, stores: [] })
      await c.stop()
      c.register({ logDir: '/nowhere', host: 'elsewhere' })
    }
    const called = (outcome: string, more: Partial<HopRecord> = {}): HopRecord => {
      const id = assigned(baseNanos + 22n, { ip: '127.0.0.1', port: b.port })
      const call = testCall(b.port, { hopId: id, outcome })
      const root = entry(call, { status: Number(outcome) || 504 })
      taken(b, id, root, { status: 502, ...more })
      return root
    }

    it('is not said to have failed by itself, whether or not it signed its answer', async () => {
      await unread()
      for (const outcome of ['502', 'ETIMEDOUT']) {
        for (const isSigned of [true, false]) {
          a.records.length = b.records.length = 0
          const root = called(outcome, { aborted: outcome === 'ETIMEDOUT' })
          const [call] = root.next as [CallRecord]
          if (isSigned) Object.assign(call, { servedBy: servedBy(b, call.hopId) })
          const result = await resolver.resolve(root.hopId)
          expect(ends(result), `${outcome}, ${isSigned}`).toEqual(['undetermined', at(c)])
          expect(result.lastHealthy?.instance).toBe(at(b))
          expect(result.hops[1]?.next).toMatchObject([{ passedOn: true, found: 'unreadable' }])
        }
      }
    })

    it('failed by itself when a living service has no such hop', async () => {
      const root = called('502')
      c.register({ reached: [at(b)] })
      expect(ends(await resolver.resolve(root.hopId))).toEqual(['failed', at(b)])
    })

    it('is said to have answered, with what could not be read', async () => {
      await unread()
      const root = called('200', { status: 200 })
      const [call] = root.next as [CallRecord]
      Object.assign(call, { servedBy: servedBy(b, call.hopId) })
      const { verdict, evidence } = await resolver.resolve(root.hopId)
      expect(verdict).toBe('completed')
      expect(evidence.join()).toContain(`b ${at(c)} could not be read`)
    })
  })

  it('shows the service that it calls when all is well', async () => {
    const id = assigned(baseNanos + 21n, { ip: '127.0.0.1', port: b.port })
    c.register({ reached: [at(b)] })
    const root = entry(testCall(b.port, { hopId: id, servedBy: servedBy(b, id) }))
    taken(b, id, root)
    taken(c, id, root)
    const result = await resolver.resolve(root.hopId)
    expect(result.verdict).toBe('completed')
    expect(result.hops.map(({ depth }) => depth)).toEqual([0, 1, 2])
  })
})

describe('an answer', () => {
  it('is not the hop that a cache repeats in its header', async () => {
    const old = assigned(baseNanos - 60_000_000_000n)
    const id = assigned(baseNanos + 30n)
    const root = entry(testCall(80, { hopId: id, servedBy: servedBy(c, rebaseId(old, at(c))) }))
    taken(c, old, testRecord('a', a.port))
    const result = await resolver.resolve(root.hopId)
    expect(result.verdict).toBe('completed')
    expect(result.hops).toHaveLength(1)
  })
})

describe('a callee whose clock is hours ahead', () => {
  const hours = 7_200_000_000_000n
  const ahead = (id: HopId, root: HopRecord): HopRecord => {
    const own = testId(b.port, baseNanos + hours)
    const more = { hopId: own, assignedId: id, traceId: root.traceId, startNanos: baseNanos + hours }
    return taken(b, id, root, more)
  }
  const direct = (): HopId => assigned(baseNanos + 70n, { ip: '127.0.0.1', port: b.port })

  it('is followed by its signed answer', async () => {
    const id = direct()
    const call = testCall(b.port, { hopId: id })
    const root = entry(call)
    const { hopId } = ahead(id, root)
    Object.assign(call, { servedBy: { hopId, service: 'unknown', address: at(b) } })
    const result = await resolver.resolve(root.hopId)
    expect(result.hops.map((hop) => hop.hopId)).toEqual([root.hopId, hopId])
    expect(result.verdict).toBe('completed')
    expect(JSON.stringify(result)).not.toContain('unknown')
  })

  it('is not said to have missed a call that has no answer', async () => {
    const id = direct()
    const root = entry(testCall(b.port, { hopId: id, outcome: 'ETIMEDOUT' }), { status: 504 })
    ahead(id, root)
    const result = await resolver.resolve(root.hopId)
    expect(ends(result)).toEqual(['undetermined', at(b)])
    expect(result.evidence.join()).toContain('clocks are far apart')
  })
})

describe('a call without an answer between clocks that are hours apart', () => {
  const hours = 7_200_000_000_000n
  /** The caller's clock is ahead by `callerAhead`; the callee has the true time. */
  const calling = (nanos: bigint, callerAhead: bigint, more: Partial<CallRecord> = {}): HopRecord => {
    const startNanos = nanos + callerAhead
    const id = assigned(startNanos, { ip: '127.0.0.1', port: b.port })
    const call = testCall(b.port, { hopId: id, outcome: 'ETIMEDOUT', ...more })
    const root = entry(call, { startNanos, hopId: testId(a.port, startNanos), status: 504 })
    taken(b, id, root, { hopId: testId(b.port, nanos), assignedId: id, startNanos: nanos })
    return root
  }
  const found = async (root: HopRecord): Promise<number> => (await resolver.resolve(root.hopId)).hops.length

  it('leads to the hop that began before the call, and so by another clock', async () => {
    expect(await found(calling(baseNanos, hours))).toBe(2)
  })

  it('leads to the hop that began at a time that is yet to come', async () => {
    const now = BigInt(Date.now()) * 1_000_000n
    expect(await found(calling(now + hours, -hours))).toBe(2)
  })

  it('may be one that was sent again when the hop began long after it', async () => {
    expect(await found(calling(baseNanos + hours, -hours))).toBe(1)
  })

  it('leads to the consumer of a message, whenever that was', async () => {
    expect(await found(calling(baseNanos + hours, -hours, { method: null, outcome: null }))).toBe(2)
  })

  it('leads to a run that had ended by then', async () => {
    const root = calling(baseNanos, hours)
    await b.ship(...b.records)
    await b.stop()
    b.register(dead)
    expect(await found(root)).toBe(2)
  })

  it('is the death of a process whose last sign of life is by a clock that is ahead of the caller', async () => {
    const root = calling(baseNanos + 10_000_000_000n, -10_000_000_000n, { outcome: 'ECONNRESET' })
    await b.ship(...b.records.map((record) => ({ ...record, ...died })))
    await b.stop()
    b.register({ ...dead, heartbeatMillis: Number(baseNanos / 1_000_000n) + 10_005 })
    expect(ends(await resolver.resolve(root.hopId))).toEqual(['died', at(b)])
  })
})

describe('where no service is registered', () => {
  const nowhere = { ip: '10.9.9.9', port: 80 }
  const call = (outcome: string | null, more: Partial<CallRecord> = {}): CallRecord =>
    testCall(80, { hopId: assigned(baseNanos + 40n, nowhere), target: '10.9.9.9:80', outcome, ...more })
  const judged = async (made: CallRecord, status = 502): Promise<ResolveResult> =>
    resolver.resolve(entry(made, { hopId: testId(a.port), status }).hopId)

  it('an answer without our header is proof that it is not ours, and nothing else is', async () => {
    expect(ends(await judged(call('404')))).toEqual(['failed', at(a)])
    for (const outcome of ['ECONNRESET', 'ETIMEDOUT', '502', '504', 'ERROR']) {
      const result = await judged(call(outcome))
      expect(ends(result), outcome).toEqual(['undetermined', '10.9.9.9:80'])
      expect(result.evidence.join()).toContain('share no registry: set HOPTRACE_DIR')
    }
    expect(ends(await judged(call('ECONNREFUSED')))).toEqual(['unreachable', '10.9.9.9:80'])
  })

  it('an outside service that fails and is done without is listed as handled', async () => {
    for (const outcome of ['ECONNRESET', 'ETIMEDOUT', '503']) {
      const { verdict, faults } = await judged(call(outcome), 200)
      expect(verdict, outcome).toBe('completed')
      expect(faults).toMatchObject([{ verdict: 'undetermined', instance: '10.9.9.9:80', handled: true }])
    }
  })

  it('another key is no proof either', async () => {
    const result = await judged(call('200', { otherKey: 'cafe0123' }), 200)
    expect(ends(result)).toEqual(['undetermined', '10.9.9.9:80'])
    expect(result.evidence.join()).toContain('answers under another key (cafe0123)')
  })

  it('a refusal is the one of the proxy that was dialled', async () => {
    const id = assigned(baseNanos + 41n, { ip: '127.0.0.1', port: b.port })
    for (const via of ['10.9.9.8:3128', 'unix:/run/b.sock']) {
      const made = testCall(b.port, { hopId: id, outcome: 'ECONNREFUSED', via })
      const result = await judged(made)
      expect(ends(result)).toEqual(['unreachable', via])
    }
  })
})

it('a registry of which a row could not be read makes nothing untraced', async () => {
  const rows = registry.rows
  const half = {
    ...registry,
    list: async () => ({ rows, unread: ['a row of registry/b.json is damaged'] }),
  }
  const other = createResolver({ registry: half, dir: '/nowhere' })
  const id = assigned(baseNanos + 50n, { ip: '10.9.9.9', port: 80 })
  const root = entry(testCall(80, { hopId: id, outcome: '500' }), { status: 502 })
  const { verdict, evidence } = await other.resolve(root.hopId)
  await other.close()
  expect(verdict).toBe('undetermined')
  expect(evidence.join()).toContain('a row of registry/b.json is damaged')
})

it('a hop of which entries are lost is shown, and nothing is concluded from its end', async () => {
  const whole = entry(testCall(b.port, { outcome: '200' }), { next: [], lost: 2 })
  const result = await resolver.resolve(whole.hopId)
  expect(result.verdict).toBe('undetermined')
  expect(result.hops[0]?.lost).toBe(2)
  expect(result.evidence.join()).toContain('the log of a')
})

it('a blocked process is reported as hanging, and since when', async () => {
  const sinceMillis = Number(baseNanos / 1_000_000n)
  Object.assign(b, { blockedSince: async () => sinceMillis })
  const id = assigned(baseNanos + 60n, { ip: '127.0.0.1', port: b.port })
  const root = entry(testCall(b.port, { hopId: id, outcome: 'ETIMEDOUT' }), { status: 504 })
  taken(b, id, root, open)
  const result = await resolver.resolve(root.hopId)
  expect(ends(result)).toEqual(['failed', at(b)])
  expect(result.evidence.join()).toContain(
    'its event loop has not turned since 2026-11-22T15:00:00.000000000Z',
  )
  expect((await resolver.progress(root.hopId)).running).toMatchObject([
    { blockedSince: '2026-11-22T15:00:00.000000000Z' },
  ])
})
