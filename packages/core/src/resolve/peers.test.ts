import { describe, expect, it } from 'vitest'
import type { Registry } from '../record/instance-row.js'
import { Chain } from './chain.fixture.js'
import type { Behaviour } from './test-instance.fixture.js'
import { baseNanos } from './test-trace.fixture.js'

/** Writes for as long as it is read. */
const endless: Behaviour = (_req, res) => {
  res.writeHead(200, { 'content-type': 'application/json' })
  const piece = '[{"lookup":'.repeat(6000)
  const write = (): void => {
    while (!res.destroyed && res.write(piece));
    if (!res.destroyed) res.once('drain', write)
  }
  write()
}

/** Never silent for long, and never done. */
const dripping: Behaviour = (_req, res) => {
  res.writeHead(200)
  const timer = setInterval(() => res.write(' '), 20)
  res.once('close', () => clearInterval(timer))
}

/** Says that there is more to come than there is. */
const short: Behaviour = (_req, res) => {
  res.writeHead(200, { 'content-length': '1000' })
  res.write('{', () => res.destroy())
}

for (const mode of ['iterative', 'recursive'] as const) {
  describe(`a ${mode} walk past an instance that`, () => {
    it.each([
      ['answers without an end', endless],
      ['answers drop by drop', dripping],
      ['breaks off', short],
    ])('%s reads its store', async (_, behaviour) => {
      await using chain = await Chain.of(['gateway', 'orders', 'payments'])
      chain.healthy()
      await chain.instance(1).ship(chain.record(1))
      chain.instance(1).behaviour = behaviour
      const result = await chain.resolver({ mode, patienceMillis: 400 }).resolve(chain.traceId)
      expect(result.hops.map(({ source }) => source)).toEqual(['live', 'store', 'live'])
      expect(result.verdict).toBe('completed')
    })
  })
}

describe('two instances that hold a hop of one id', () => {
  it('are both named, and the one that finished counts', async () => {
    await using chain = await Chain.of(['gateway', 'orders', 'orders'])
    const open = { state: 'open', status: null, durationMicros: null, next: [] } as const
    const { port } = chain.instance(1)
    chain.instance(0).records.push(chain.record(0))
    const startNanos = baseNanos - 1n
    const claimed = { ...open, instance: { ...chain.record(1).instance, startNanos } }
    chain.instance(2).more = { address: chain.instance(1).row().address, startNanos, state: 'dead' }
    await chain.instance(2).ship(chain.record(1, claimed))
    await chain.instance(1).ship(chain.record(1, { next: [] }))
    await chain.instance(1).stop()
    await chain.instance(2).stop()
    chain.instance(1).register({ state: 'dead' })
    const ended = { heartbeatMillis: Number(baseNanos / 1_000_000n) + 60_000 }
    chain.registry.rows = [
      chain.instance(0).row(),
      ...[1, 2].map((index) => ({ ...chain.instance(index).row(), ...ended })),
    ]
    const { hops, verdict, faults } = await chain.resolver({ mode: 'iterative' }).resolve(chain.traceId)
    expect(hops.map(({ service, state }) => `${service} ${state}`)).toEqual([
      'gateway closed',
      'orders closed',
      'orders interrupted',
    ])
    expect(verdict).toBe('completed')
    expect(faults).toMatchObject([{ verdict: 'died', instance: `127.0.0.1:${port}`, handled: true }])
  })
})

describe('a registry that never answers', () => {
  const never: Registry = {
    name: 'hbase://away',
    list: () => new Promise<never>(() => undefined),
    put: async () => undefined,
    close: async () => undefined,
  }

  it('keeps no question waiting beyond its deadline', async () => {
    await using chain = await Chain.of(['gateway'])
    const resolver = chain.resolver({ registry: never, deadlineMillis: 100 })
    // Whichever comes first where time is short.
    const late = { code: expect.stringMatching(/^HOPTRACE_(STORE_UNAVAILABLE|DEADLINE)$/) as string }
    await expect(resolver.resolve(chain.traceId)).rejects.toMatchObject(late)
    await expect(resolver.progress('orderId=42')).rejects.toMatchObject(late)
    await expect(resolver.find({ key: 'orderId', value: '42' })).rejects.toMatchObject(late)
    await expect(resolver.instances()).rejects.toMatchObject(late)
    await expect(
      resolver.range({ service: 'gateway', from: 0 })[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject(late)
    await expect(resolver.walk(chain.traceId)[Symbol.asyncIterator]().next()).rejects.toMatchObject(late)
    await expect(resolver.follow(chain.traceId)[Symbol.asyncIterator]().next()).rejects.toMatchObject(late)
  })

  it('keeps no question waiting that is closed', async () => {
    await using chain = await Chain.of(['gateway'])
    const resolver = chain.resolver({ registry: never })
    const asked = resolver.resolve(chain.traceId)
    await resolver.close()
    await expect(asked).rejects.toMatchObject({ code: 'HOPTRACE_CLOSED' })
  })
})
