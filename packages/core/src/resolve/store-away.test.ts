import { describe, expect, it } from 'vitest'
import type { Store } from '../store/contract.js'
import { memoryStore } from '../store/memory.js'
import { Chain } from './chain.fixture.js'
import { Patience } from './patience.js'
import { baseNanos } from './test-trace.fixture.js'

/** A store that opens, and then never answers. */
function hung(name: string): Store {
  const store = memoryStore(name)
  return {
    ...store,
    url: store.url,
    supports: store.supports,
    open: async () => undefined,
    put: async () => undefined,
    close: async () => undefined,
    scan: () => new Promise<never>(() => undefined),
  }
}

const from = baseNanos - 1_000_000_000n
const to = baseNanos + 60_000_000_000n

describe('a store that never answers', () => {
  it('leaves time for everything that can be read', async () => {
    await using chain = await Chain.of(['gateway', 'orders', 'payments', 'inventory'])
    chain.healthy()
    const store = hung('store-away-1')
    // Two services that share it are gone.
    for (const index of [1, 2]) {
      chain.instance(index).behaviour = 'silent'
      chain.instance(index).register({ stores: [store.url] })
    }
    const options = { stores: [store], deadlineMillis: 5000 }
    const result = await chain.resolver(options).resolve(chain.traceId)
    expect(result).toMatchObject({ verdict: 'undetermined', partial: false, endedAt: { service: 'orders' } })
    expect(result.evidence.join()).toContain(`${store.url} gave no answer within 1.5 s`)
  })

  it('keeps back no hop that a living service has not shipped yet', async () => {
    await using chain = await Chain.of(['gateway', 'orders'])
    chain.healthy()
    const store = hung('store-away-2')
    Object.assign(chain.instance(0), { store })
    chain.instance(0).register({ stores: [store.url] })
    const told: string[] = []
    const range = async (): Promise<void> => {
      for await (const { hopId } of chain
        .resolver({ stores: [store] })
        .range({ service: 'gateway', from, to }))
        told.push(hopId)
    }
    await expect(range()).rejects.toThrow('not everything could be read')
    expect(told).toEqual([chain.traceId])
  })

  it('keeps back no hop that has a key', async () => {
    await using chain = await Chain.of(['gateway', 'orders'])
    const store = hung('store-away-3')
    chain.instance(0).records.push(chain.record(0, { keys: { orderId: '42' } }))
    chain.instance(1).records.push(chain.record(1))
    chain.instance(1).behaviour = 'silent'
    chain.instance(1).register({ stores: [store.url] })
    const options = { stores: [store], deadlineMillis: 3000 }
    const hits = await chain.resolver(options).find({ key: 'orderId', value: '42' })
    expect(hits.map(({ traceId }) => traceId)).toEqual([chain.traceId])
  })
})

describe('patience', () => {
  it('is lost with a place once, and regained when it answers', async () => {
    const patience = new Patience(30)
    let asked = 0
    const silent = (): Promise<never> => {
      asked++
      return new Promise(() => undefined)
    }
    await expect(patience.within('b', silent)).rejects.toThrow('b gave no answer within 0.0 s')
    await expect(patience.within('b', silent)).rejects.toThrow('b gave no answer')
    expect(asked).toBe(1)
    expect(await patience.within('c', async () => 'c')).toBe('c')
    await expect(patience.within('c', () => Promise.reject(new Error('c is broken')))).rejects.toThrow(
      'c is broken',
    )
  })

  it('waits for each piece of a stream, and not for its reader', async () => {
    const patience = new Patience(40)
    const slowly = async function* (): AsyncGenerator<number> {
      for (const piece of [1, 2, 3]) yield piece
      await new Promise(() => undefined)
    }
    const pieces: number[] = []
    const read = async (): Promise<void> => {
      for await (const piece of patience.each('b', slowly())) {
        pieces.push(piece)
        await new Promise((resolve) => setTimeout(resolve, 60))
      }
    }
    await expect(read()).rejects.toThrow('b gave no answer')
    expect(pieces).toEqual([1, 2, 3])
  })
})
