import { describe, expect, it } from 'vitest'
import { Chain } from './chain.fixture.js'
import { baseNanos, testId } from './test-trace.fixture.js'

// Instances that are asked for everything below a hop name runs of any service: then the whole registry is read.
const mode = 'iterative'

/** A chain with a registry that counts as large, and how often all of it was read. */
async function large() {
  const chain = (await Chain.of(['gateway', 'orders', 'payments'])).healthy()
  const asked = chain.registry.readByName()
  const { list } = chain.registry
  const whole = { reads: 0 }
  chain.registry.list = () => {
    whole.reads++
    return list()
  }
  return { chain, asked, whole }
}

describe('a question about an id to a large registry', () => {
  it('reads the services of its hops alone', async () => {
    const { chain, asked, whole } = await large()
    await using _ = chain
    const resolver = chain.resolver({ mode })
    expect(await resolver.resolve(chain.traceId)).toMatchObject({ verdict: 'completed', hops: { length: 3 } })
    expect(await resolver.progress(chain.traceId)).toMatchObject({ verdict: 'completed' })
    const steps: string[] = []
    for await (const { kind } of resolver.walk(chain.traceId)) steps.push(kind)
    expect(steps).toEqual(['hop', 'hop', 'hop', 'result'])
    expect(whole.reads).toBe(0)
    expect(asked).toContain(`127.0.0.1:${chain.instance(2).port}`)
  })

  it('reads the runs of one service for a range of it', async () => {
    const { chain, asked, whole } = await large()
    await using _ = chain
    const hops: string[] = []
    const query = { service: 'orders', from: new Date(Number(baseNanos / 1_000_000n) - 1000) }
    for await (const { hopId } of chain.resolver({ mode }).range(query)) hops.push(hopId)
    expect(hops).toEqual([chain.ids[1]])
    expect([whole.reads, asked.filter((name) => name !== 'service orders')]).toEqual([0, []])
  })

  it('names the service where the request died', async () => {
    const { chain, whole } = await large()
    await using _ = chain
    const died = { state: 'interrupted', status: null, durationMicros: null, next: [] } as const
    chain.instance(0).records[0] = chain.record(0, { status: 502 }, { outcome: 'ECONNRESET' })
    chain.instance(1).records[0] = chain.record(1, died)
    const answer = await chain.resolver({ mode }).resolve(chain.traceId)
    expect(answer).toMatchObject({ verdict: 'died', endedAt: { service: 'orders' } })
    expect(whole.reads).toBe(0)
  })

  it('reads all of it where a part does not decide', async () => {
    const { chain, whole } = await large()
    await using _ = chain
    const resolver = chain.resolver({ mode })
    expect(await resolver.resolve(testId(chain.instance(0).port))).toMatchObject({ verdict: 'not-found' })
    expect(whole.reads).toBeGreaterThan(0)
    const before = whole.reads
    // A registry that fails to answer by name says no more than a small one.
    chain.registry.byName = {
      isLarge: async () => true,
      rowsOf: () => Promise.reject(new Error('a region is away')),
    }
    expect(await chain.resolver({ mode }).resolve(chain.traceId)).toMatchObject({ verdict: 'completed' })
    expect(whole.reads).toBeGreaterThan(before)
  })
})
