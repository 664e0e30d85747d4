import { describe, expect, it } from 'vitest'
import type { InstanceRow, Registry } from '../record/instance-row.js'
import { Chain } from './chain.fixture.js'

/** A registry in which a run is adopted between the first and the second time that it is read. */
async function adoptedMeanwhile(): Promise<{ chain: Chain; registry: Registry; lists: () => number }> {
  const chain = await Chain.of(['gateway', 'orders'])
  chain.instance(0).records.push(chain.record(0, {}, { servedBy: null }))
  await chain.instance(1).ship(chain.record(1, { keys: { orderId: '42' } }))
  await chain.instance(1).stop()
  const before: Partial<InstanceRow> = { stores: [], shippedThroughNanos: 0n }
  const after = { ...chain.instance(1).row(), state: 'dead' as const }
  let lists = 0
  const registry: Registry = {
    list: async () => {
      const { rows, unread } = await chain.registry.list()
      const moved = rows.map((row) => {
        if (row.address !== after.address) return row
        return lists++ === 0 ? { ...row, ...before } : after
      })
      return { rows: moved, unread }
    },
    put: async () => undefined,
    close: async () => undefined,
  }
  return { chain, registry, lists: () => lists }
}

describe('a run that is adopted while a question is under way', () => {
  it('is found where it was shipped to', async () => {
    const { chain, registry, lists } = await adoptedMeanwhile()
    await using _ = chain
    const { verdict, hops } = await chain.resolver({ registry, mode: 'iterative' }).resolve(chain.traceId)
    expect({ verdict, hops: hops.map(({ service }) => service) }).toEqual({
      verdict: 'completed',
      hops: ['gateway', 'orders'],
    })
    expect(lists()).toBe(2)
  })

  it('is reported once by a walk that starts again', async () => {
    const { chain, registry } = await adoptedMeanwhile()
    await using _ = chain
    const seen: string[] = []
    for await (const step of chain.resolver({ registry, mode: 'iterative' }).walk(chain.traceId)) {
      seen.push(step.kind === 'hop' ? `${step.hop.depth} ${step.hop.service}` : step.result.verdict)
    }
    expect(seen).toEqual(['0 gateway', '1 orders', 'completed'])
  })

  it('is found by its key', async () => {
    const { chain, registry } = await adoptedMeanwhile()
    await using _ = chain
    const hits = await chain.resolver({ registry }).find({ key: 'orderId', value: '42' })
    expect(hits.map(({ traceId }) => traceId)).toEqual([chain.traceId])
  })
})
