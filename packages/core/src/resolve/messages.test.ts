import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallRecord, HopRecord } from '../record/record.js'
import type { Lookup } from '../record/lookup.js'
import { formatHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import { createResolver, type Resolver } from './create-resolver.js'
import type { ResolveResult } from './result.js'
import { MemoryRegistry, TestInstance } from './test-instance.fixture.js'
import { baseNanos, testCall, testId, testRecord } from './test-trace.fixture.js'

const target = 'kafka://orders.placed'
const hopId = formatHopId({ nanos: baseNanos, assigned: true, issuer: 5, counter: 0, ip: '0.0.0.0', port: 0 })
const sent = testCall(0, { hopId, target, method: null, outcome: 'SENT' })
const nowNanos = (): bigint => BigInt(Date.now()) * 1_000_000n

let registry: MemoryRegistry
let sender: TestInstance
let consumer: TestInstance
let other: TestInstance
let resolver: Resolver

beforeEach(async () => {
  registry = new MemoryRegistry()
  sender = await new TestInstance('orders', registry).start()
  consumer = await new TestInstance('notify', registry).start()
  other = await new TestInstance('audit', registry).start()
  consumer.register({ reached: [target], heartbeatMillis: Date.now() })
  other.register({ heartbeatMillis: Date.now() })
  resolver = createResolver({ registry, dir: registry.dataDir, patienceMillis: 3000 })
})

afterEach(async () => {
  await resolver.close()
  for (const instance of [sender, consumer, other]) await instance.stop()
  registry[Symbol.dispose]()
})

/** The answer about the sender's hop, which sent one message. */
async function said(call: CallRecord = sent): Promise<ResolveResult> {
  const entry = testRecord('orders', sender.port, { next: [call] })
  sender.records.push(entry)
  const result = await resolver.resolve(entry.hopId)
  return result
}

/** What an instance recorded of the message. */
function take(by: TestInstance, more: Partial<HopRecord> = {}): HopRecord {
  const record = testRecord(by.service, by.port, {
    hopId: testId(by.port),
    assignedId: hopId,
    startNanos: baseNanos + 3_600_000_000_000n,
    ...more,
  })
  by.records.push(record)
  return record
}

/** It knows what it has taken up to now. */
function isComplete(instance: TestInstance, more: Partial<Lookup> = {}): void {
  const lookup = instance.lookup.bind(instance)
  Object.assign(instance, {
    lookup: async (id: HopId) => {
      const known = await lookup(id)
      return known.kind === 'found' ? known : { ...known, throughNanos: nowNanos(), ...more }
    },
  })
}

describe('a message that its consumers have not taken', () => {
  it('waits if all of them tell up to now', async () => {
    isComplete(consumer)
    const { verdict, endedAt, evidence } = await said()
    expect([verdict, endedAt?.service]).toEqual(['running', target])
    expect(evidence.join()).toMatch(/not taken since 2026-11-22T15:00:00\.\d+Z: notify/)
  })

  it('waits if no run says that it consumes the destination', async () => {
    consumer.register({ reached: [] })
    expect((await said()).verdict).toBe('running')
  })

  it('may be taken by a consumer that does not tell up to now', async () => {
    expect((await said()).verdict).toBe('undetermined')
  })

  it('may be taken by a consumer that cannot be asked', async () => {
    await consumer.stop()
    const { verdict, evidence } = await said()
    expect(verdict).toBe('undetermined')
    expect(evidence.join()).toContain('notify')
  })

  it('may be taken by a consumer that lost hops of any later time', async () => {
    isComplete(consumer)
    const later = baseNanos + 7_200_000_000_000n
    consumer.register({ dropped: [{ fromNanos: later, toNanos: later, count: 1 }] })
    expect((await said()).verdict).toBe('undetermined')
  })

  it('waits if what a consumer lost was before the message', async () => {
    isComplete(consumer)
    const before = baseNanos - 3_600_000_000_000n
    consumer.register({ dropped: [{ fromNanos: before, toNanos: before, count: 1 }] })
    expect((await said()).verdict).toBe('running')
  })

  it('may be taken by a consumer whose row cannot be read', async () => {
    isComplete(consumer)
    const { rows } = registry
    const half = {
      ...registry,
      list: async () => ({ rows, unread: ['a row of registry/b.json is damaged'] }),
    }
    await resolver.close()
    resolver = createResolver({ registry: half, dir: '/nowhere', patienceMillis: 500 })
    const { verdict, evidence } = await said()
    expect(verdict).toBe('undetermined')
    expect(evidence.join()).toContain('a row of registry/b.json is damaged')
  })
})

describe('a message', () => {
  it('leads to every hop of a run that was assigned its id, in log and store', async () => {
    const failed = { status: null, error: { name: 'Error', message: 'not now', code: null } }
    const attempts = [take(consumer, failed), take(consumer, failed), take(consumer)]
    isComplete(consumer)
    const { verdict, hops } = await said()
    expect(verdict).toBe('completed')
    expect(new Set(hops.slice(1).map((hop) => hop.hopId))).toEqual(new Set(attempts.map((one) => one.hopId)))
  })

  it('is not over at one consumer while another one cannot be asked', async () => {
    other.register({ reached: [target] })
    take(consumer)
    isComplete(consumer)
    await other.stop()
    expect((await said()).verdict).toBe('undetermined')
  })

  it('is over at one consumer if another one has not taken it', async () => {
    other.register({ reached: [target] })
    take(consumer)
    isComplete(consumer)
    isComplete(other)
    expect((await said()).verdict).toBe('completed')
  })

  it('is taken by a run that does not say so, if no other says so', async () => {
    consumer.register({ reached: [] })
    take(other)
    expect((await said()).hops.map(({ service }) => service)).toEqual(['orders', 'audit'])
  })

  it('that the broker refused did not fail its sender, which answered well', async () => {
    isComplete(consumer)
    const { verdict, faults } = await said({ ...sent, outcome: 'TOPIC_AUTHORIZATION_FAILED' })
    expect(verdict).toBe('completed')
    expect(faults).toMatchObject([{ verdict: 'failed', service: target, handled: true }])
  })
})
