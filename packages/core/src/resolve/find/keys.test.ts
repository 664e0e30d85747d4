import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Chain } from '../chain.fixture.js'
import type { HopRecord } from '../../record/record.js'
import { formatHopId } from '../../id/index.js'
import { baseNanos, testRecord } from '../test-trace.fixture.js'
import { recordedKey } from './key-text.js'

function hopAt(port: number, millis: number, more: Partial<HopRecord> = {}): HopRecord {
  const nanos = baseNanos + BigInt(millis) * 1_000_000n
  const hopId = formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
  return testRecord('payments', port, { hopId, ...more })
}

describe('the traces of a business key', () => {
  it('are each returned once, up to the limit, however many of their hops have the key', async () => {
    await using chain = await Chain.of(['payments', 'orders'])
    const [a, b] = [chain.instance(0), chain.instance(1)]
    const keys = { tenant: 'acme' }
    const traces = Array.from({ length: 6 }, (_, index) => hopAt(a.port, index * 1000, { keys }))
    const hops = traces.flatMap(({ traceId }, index) =>
      Array.from({ length: 30 }, (_, call) => hopAt(a.port, index * 1000 + 1 + call, { keys, traceId })),
    )
    await a.ship(...traces, ...hops.filter((_, index) => index % 2 === 0))
    a.records.push(...hops.filter((_, index) => index % 2 === 1))
    await b.ship(
      ...hops.slice(0, 3).map((hop, index) => hopAt(b.port, 500 + index, { keys, traceId: hop.traceId })),
    )
    await b.stop()
    b.register({ state: 'dead' })
    const resolver = chain.resolver()
    const newestFirst = traces.map(({ traceId }) => traceId).reverse()
    for (const limit of [1, 2, 5, 6, 100]) {
      const found = await resolver.find({ key: 'tenant', value: 'acme', limit })
      expect(found.map(({ traceId }) => traceId)).toEqual(newestFirst.slice(0, limit))
      expect(found[0]?.hopId).toBe(hops.at(-1)?.hopId)
    }
  })

  it('are returned with the damage of a living run’s log, and not denied because of it', async () => {
    await using chain = await Chain.of(['payments'])
    const own = chain.instance(0)
    own.damaged = 'its log is damaged'
    const warnings: string[] = []
    const resolver = chain.resolver({ onWarning: (message) => warnings.push(message) })
    const one = { key: 'tenant', value: 'acme' }
    await expect(resolver.find(one)).rejects.toThrow(/payments 127\.0\.0\.1:\d+: its log is damaged/)
    await expect(resolver.resolve('tenant=acme')).rejects.toThrow('its log is damaged')
    own.records.push(hopAt(own.port, 1, { keys: { tenant: 'acme' } }))
    expect(await resolver.find(one)).toHaveLength(1)
    expect(warnings.join()).toContain('its log is damaged')
    expect((await resolver.resolve('tenant=acme')).evidence.join()).toContain(
      'there may be a newer trace of tenant=acme',
    )
  })

  it('have a missing record, and are not absent, where the row of the run that has it is missing', async () => {
    await using chain = await Chain.of(['payments', 'orders'])
    const [gone, other] = [chain.instance(0), chain.instance(1)]
    const hop = hopAt(gone.port, 1, { keys: { tenant: 'acme' } })
    await gone.ship(hop)
    await gone.stop()
    // Another run ships to that store, so it is read.
    await other.stop()
    chain.registry.rows = [{ ...other.row(), state: 'dead', stores: [gone.store.url] }]
    const resolver = chain.resolver({ store: gone.store })
    expect(await resolver.find({ key: 'tenant', value: 'acme' })).toMatchObject([{ hopId: hop.hopId }])
    const { verdict, evidence } = await resolver.resolve('tenant=acme')
    expect(verdict).toBe('undetermined')
    expect(evidence.join()).toContain(`the record of ${hop.hopId}, which has the key, is missing`)
    expect((await resolver.resolve('tenant=none')).verdict).toBe('not-found')
  })

  it('are found by any text that setKey takes, and by no other', async () => {
    await using chain = await Chain.of(['payments', 'orders'])
    const [live, dead] = [chain.instance(0), chain.instance(1)]
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 400 })
    const odd = fc.constantFrom(
      '=',
      '\\=',
      'a=b',
      ' ',
      '\0',
      '\n',
      '💥',
      '\ud800',
      '\u202e',
      '%2F',
      '__proto__',
      'é',
      'é',
    )
    const pairs = fc.sample(fc.tuple(fc.oneof(text, odd), fc.oneof(text, odd, fc.constant(''))), {
      numRuns: 60,
      seed: 7,
    })
    const recorded = pairs.map(([name, value]) => recordedKey(name, value))
    const records = recorded.map(({ name, value }, index) =>
      hopAt((index % 2 === 0 ? live : dead).port, index, { keys: { [name]: value } }),
    )
    const isEven = (_: unknown, index: number): boolean => index % 2 === 0
    live.records.push(...records.filter(isEven))
    await dead.ship(...records.filter((_, index) => index % 2 === 1))
    await dead.stop()
    dead.register({ state: 'dead' })
    const resolver = chain.resolver()
    for (const [index, [key, value]] of pairs.entries()) {
      const found = await resolver.find({ key, value, limit: 200 })
      const same = records.filter(({ keys }) => {
        const { name, value: wanted } = recorded[index] as { name: string; value: string }
        return Object.hasOwn(keys, name) && keys[name] === wanted
      })
      expect(found.map(({ hopId }) => hopId)).toEqual(same.map(({ hopId }) => hopId).reverse())
    }
    await expect(resolver.find({ key: '', value: 'x' })).rejects.toThrow(TypeError)
    for (const limit of [0, -1, 1.5, Number.NaN])
      await expect(resolver.find({ key: 'a', value: 'b', limit })).rejects.toThrow(TypeError)
  })
})
