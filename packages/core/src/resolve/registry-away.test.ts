import { describe, expect, it } from 'vitest'
import type { InstanceRow, Registry, RegistryRows } from '../record/instance-row.js'
import { composedRegistry } from '../store/index.js'
import { Chain } from './chain.fixture.js'
import { baseNanos, testId } from './test-trace.fixture.js'

/** A second registry that holds some rows, or is away. */
class Part implements Registry {
  readonly name = 'hbase://part'
  rows: readonly InstanceRow[] = []
  away = false
  async list(): Promise<RegistryRows> {
    if (this.away) throw new Error('hbase://part: nobody listens')
    return { rows: this.rows, unread: [] }
  }
  async put(): Promise<void> {}
  async close(): Promise<void> {}
}

/** Gateway, orders and payments; payments is registered in the other registry only. */
async function split(): Promise<{ chain: Chain; part: Part; registry: Registry }> {
  const chain = await Chain.of(['gateway', 'orders', 'payments'])
  const part = new Part()
  const isElsewhere = (row: InstanceRow): boolean => row.service === 'payments'
  const registry = composedRegistry([
    {
      list: async () => ({
        rows: (await chain.registry.list()).rows.filter((row) => !isElsewhere(row)),
        unread: [],
      }),
      put: (row) => chain.registry.put(row),
      close: async () => undefined,
    },
    part,
  ])
  part.rows = (await chain.registry.list()).rows.filter(isElsewhere)
  return { chain, part, registry }
}

// In a recursive walk the instances ask on, each with its own registry: those of the kit have all rows.
const mode = 'iterative'

describe('a resolver of which one registry is away', () => {
  it('tells what it can reach, and nothing of what it cannot', async () => {
    const { chain, part, registry } = await split()
    await using _ = chain
    chain.healthy()
    const whole = await chain.resolver({ mode, registry }).resolve(chain.traceId)
    expect(whole).toMatchObject({ verdict: 'completed' })
    expect(whole.hops).toHaveLength(3)

    part.away = true
    const spoiled = await chain.resolver({ mode, registry }).resolve(chain.traceId)
    expect(spoiled.verdict).toBe('undetermined')
    expect(spoiled.hops.map(({ service }) => service)).toEqual(['gateway', 'orders'])
    expect(spoiled.evidence.join('\n')).toContain('hbase://part: nobody listens')

    part.away = false
    const again = await chain.resolver({ mode, registry }).resolve(chain.traceId)
    expect(again).toMatchObject({ verdict: 'completed' })
  })

  it('never says of a callee that it died there when another run may have had it', async () => {
    const { chain, part, registry } = await split()
    await using _ = chain
    const reset = { outcome: 'ECONNRESET', durationMicros: 900 }
    chain.instance(0).records.push(chain.record(0, { status: 502 }, reset))
    await chain.instance(1).ship(chain.record(1, { hopId: testId(chain.instance(1).port) }))
    await chain.instance(1).stop()
    chain.instance(1).register({ state: 'dead', shippedThroughNanos: baseNanos + 1_000_000n })
    const sure = await chain.resolver({ mode, registry }).resolve(chain.traceId)
    expect(sure).toMatchObject({ verdict: 'died', endedAt: { service: 'orders' } })
    part.away = true
    const unsure = await chain.resolver({ mode, registry }).resolve(chain.traceId)
    expect(unsure).toMatchObject({ verdict: 'undetermined', endedAt: { service: 'orders' } })
  })

  it('does not say that there is no such trace', async () => {
    const { chain, part, registry } = await split()
    await using _ = chain
    chain.healthy()
    const resolver = chain.resolver({ mode, registry })
    expect(await resolver.resolve(testId(5999))).toMatchObject({ verdict: 'not-found' })
    part.away = true
    const other = chain.resolver({ mode, registry })
    expect(await other.resolve(testId(5999))).toMatchObject({ verdict: 'undetermined' })
    await expect(other.find({ key: 'orderId', value: '42' })).rejects.toThrow('nobody listens')
    await expect(
      (async () => {
        for await (const _ of other.range({ service: 'payments', from: 0 }));
      })(),
    ).rejects.toThrow('nobody listens')
  })

  it('answers whole traces whose instances are all known', async () => {
    const { chain, part, registry } = await split()
    await using _ = chain
    part.away = true
    chain.instance(0).records.push(chain.record(0, { next: [] }))
    const { verdict, evidence } = await chain.resolver({ mode, registry }).resolve(chain.traceId)
    expect(verdict).toBe('completed')
    expect(evidence.join('\n')).toContain('not every registry could be read')
  })
})
