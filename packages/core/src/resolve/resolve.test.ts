import { describe, expect, it } from 'vitest'
import { Chain } from './chain.fixture.js'
import { formatHopId } from '../id/index.js'
import { baseNanos, testCall, testId } from './test-trace.fixture.js'

const services = ['gateway', 'orders', 'payments', 'inventory']

for (const mode of ['iterative', 'recursive'] as const) {
  describe(`a ${mode} resolver over living instances`, () => {
    it('walks the whole trace from any of its hops and says that it completed', async () => {
      await using chain = await Chain.of(services)
      chain.healthy()
      for (const id of [chain.traceId, chain.ids[2] as string]) {
        const result = await chain.resolver({ mode }).resolve(id)
        expect(result).toMatchObject({ traceId: chain.traceId, verdict: 'completed', partial: false })
        expect(result.hops.map(({ service, source, depth }) => `${service} ${source} ${depth}`)).toEqual(
          services.map((service, index) => `${service} live ${index}`),
        )
        expect(result.endedAt).toEqual({
          service: 'inventory',
          instance: `127.0.0.1:${chain.instance(3).port}`,
          hopId: chain.ids[3],
        })
        expect(result.hops[0]?.next).toMatchObject([
          { hopId: chain.ids[1], service: 'orders', outcome: '200', found: 'hop' },
        ])
        expect(result.hops[0]?.startTime).toBe('2026-11-22T15:00:00.000000000Z')
        expect(result.reads.instances).toBeGreaterThan(3)
      }
    })

    it('says died about an instance that ended and is shipped to its end', async () => {
      await using chain = await Chain.of(services)
      const reset = { outcome: 'ECONNRESET', durationMicros: 900 }
      chain.instance(0).records.push(chain.record(0, { status: 502 }, { outcome: '502' }))
      chain.instance(1).records.push(chain.record(1, { status: 502 }, { outcome: '502' }))
      chain.instance(2).records.push(chain.record(2, { status: 502 }, reset))
      await chain.instance(3).ship(chain.record(3, { hopId: testId(chain.instance(3).port) }))
      await chain.instance(3).stop()
      const { port } = chain.instance(3)

      // Nothing shows that it has ended: it may be stopped, or unreachable.
      chain.instance(3).register({ shippedThroughNanos: baseNanos })
      const unsure = await chain.resolver({ mode }).resolve(chain.traceId)
      expect(unsure).toMatchObject({ verdict: 'undetermined', endedAt: { service: 'inventory' } })
      expect(unsure.evidence.join('\n')).toMatch(
        /died there, unconfirmed: inventory .* is shipped through .*ask again later/,
      )

      chain.instance(3).register({ state: 'dead' })
      const sure = await chain.resolver({ mode }).resolve(chain.traceId)
      expect(sure).toMatchObject({
        verdict: 'died',
        endedAt: { service: 'inventory', instance: `127.0.0.1:${port}`, hopId: chain.ids[3] },
        lastHealthy: { service: 'payments', hopId: chain.ids[2] },
      })
      expect(sure.evidence[0]).toContain('payments saw ECONNRESET')
    })

    it('reads the store of an instance that does not answer, and continues below it', async () => {
      await using chain = await Chain.of(services)
      chain.healthy()
      await chain.instance(1).ship(...chain.instance(1).records)
      chain.instance(1).behaviour = 'silent'
      const { verdict, hops } = await chain.resolver({ mode }).resolve(chain.traceId)
      expect(verdict).toBe('completed')
      expect(hops.map(({ source }) => source)).toEqual(['live', 'store', 'live', 'live'])
    })

    it('does not believe answers that are no answers', async () => {
      const garbage: ((
        end: (status: number, body: string, headers?: Record<string, string>) => void,
      ) => void)[] = [
        (end) => end(200, 'not json'),
        (end) => end(200, '{"lookup":{"kind":"found","record":{}}}'),
        (end) => end(500, ''),
        (end) => end(302, '', { location: 'http://127.0.0.1:1/_hoptrace/v1/hops/x' }),
        (end) => end(200, '{}', { 'content-encoding': 'gzip' }),
        (end) => end(200, ' '.repeat(9 << 20)),
      ]
      for (const [index, answer] of garbage.entries()) {
        await using chain = await Chain.of(['gateway', 'orders'])
        chain.healthy()
        chain.instance(1).behaviour = (_req, res) =>
          answer((status, body, headers) => res.writeHead(status, headers).end(body))
        chain.instance(1).register({ shippedThroughNanos: baseNanos })
        const { verdict, evidence } = await chain.resolver({ mode }).resolve(chain.traceId)
        expect({ index, verdict }).toEqual({ index, verdict: 'undetermined' })
        expect(evidence.join('\n')).toContain('its record is pending')
      }
    })

    it('gives what it has when the deadline passes', async () => {
      await using chain = await Chain.of(['gateway', 'orders'])
      chain.healthy()
      chain.instance(1).behaviour = 'silent'
      // Nor does its store answer: a gateway that is as silent.
      const { port } = chain.instance(1)
      chain.instance(1).register({ stores: [`hbase+http://127.0.0.1:${port}/hoptrace`] })
      const resolver = chain.resolver({ mode, deadlineMillis: 400, patienceMillis: 10_000 })
      const result = await resolver.resolve(chain.traceId)
      expect(result).toMatchObject({ verdict: 'undetermined', partial: true })
      expect(result.hops).toHaveLength(1)
      expect(result.evidence.join('\n')).toContain('the deadline has passed')
    })

    it('ends where a forged next leads back, and does not follow it into another trace', async () => {
      await using chain = await Chain.of(['gateway', 'orders', 'payments'])
      const { port } = chain.instance(0)
      const back = testCall(port, { hopId: chain.traceId })
      const other = testId(chain.instance(2).port)
      chain.instance(0).records.push(chain.record(0))
      const self = testCall(chain.instance(1).port, { hopId: chain.ids[1] as typeof other })
      const stolen = testCall(chain.instance(2).port, { hopId: other })
      chain.instance(1).records.push(chain.record(1, { next: [back, self, stolen] }))
      chain
        .instance(2)
        .records.push(chain.record(2, { hopId: other, traceId: other, keys: { secret: 'x' }, next: [] }))
      const result = await chain.resolver({ mode }).resolve(chain.traceId)
      expect(result.verdict).toBe('undetermined')
      expect(result.hops.map(({ service }) => service)).toEqual(['gateway', 'orders'])
      expect(JSON.stringify(result)).not.toContain('secret')
      expect(result.evidence.join('\n')).toContain('leads back to a hop that was there already')
      expect(result.evidence.join('\n')).toContain('leads to a hop of another trace')
    })

    it('asks no unregistered instance, and treats an unknown target as a leaf', async () => {
      await using chain = await Chain.of(['gateway', 'stranger'])
      chain.healthy()
      chain.registry.rows = chain.registry.rows.filter(({ service }) => service === 'gateway')
      const result = await chain.resolver({ mode }).resolve(chain.traceId)
      expect(result).toMatchObject({ verdict: 'completed', hops: [{ next: [{ found: 'untraced' }] }] })
      expect(chain.instance(1).asked).toEqual([])
    })

    it('asks no endpoint that is not at an address of its row', async () => {
      const clusterKey = 'kJ3nq0v1Zs8wYt5LxP7cRb2MdHg4Fa6e'
      await using chain = await Chain.of(['gateway', 'orders', 'victim'], clusterKey)
      chain.healthy()
      chain.instance(0).records[0] = chain.record(0)
      chain.instance(1).register({ endpoint: `http://127.0.0.1:${chain.instance(2).port}/_hoptrace/v1` })
      const result = await chain.resolver({ clusterKey, dir: '/nowhere' }).resolve(chain.traceId)
      expect(chain.instance(2).asked.filter((url) => url.includes(chain.ids[1] as string))).toEqual([])
      expect(result.hops.map(({ service }) => service)).toEqual(['gateway'])
    })

    it('does not take the answer of a process that took an address over for the answer of the dead one', async () => {
      await using chain = await Chain.of(['gateway', 'orders'])
      chain.instance(0).records.push(chain.record(0, { status: 502 }, { outcome: 'ECONNRESET' }))
      const old = chain.instance(1).row()
      // The new run began after the call was over; the old one's end is not known.
      chain.instance(1).register({ startNanos: baseNanos + 1_000_000_000n })
      chain.registry.rows.push({
        ...old,
        shippedThroughNanos: baseNanos,
        stores: [chain.instance(1).store.url],
      })
      await chain.instance(1).store.open()
      const result = await chain.resolver({ mode }).resolve(chain.traceId)
      expect(result.verdict).toBe('undetermined')
      chain.registry.rows = chain.registry.rows.map((row) =>
        row.address === old.address && row.startNanos === old.startNanos ? { ...row, state: 'dead' } : row,
      )
      expect(await chain.resolver({ mode }).resolve(chain.traceId)).toMatchObject({
        verdict: 'died',
        endedAt: { service: 'orders' },
      })
    })

    it('says not-found of an id that a living instance surely does not have, undetermined of one that may yet come', async () => {
      await using chain = await Chain.of(['gateway'])
      const { port } = chain.instance(0)
      expect(await chain.resolver({ mode }).resolve(testId(port))).toMatchObject({
        verdict: 'not-found',
        hops: [],
      })
      const late = formatHopId({
        nanos: baseNanos + 3_600_000_000_000n,
        assigned: false,
        issuer: 0,
        counter: 0,
        ip: '127.0.0.1',
        port,
      })
      expect(await chain.resolver({ mode }).resolve(late)).toMatchObject({ verdict: 'undetermined' })
      expect(await chain.resolver({ mode }).resolve(testId(1))).toMatchObject({ verdict: 'not-found' })
      await expect(chain.resolver({ mode }).resolve('nonsense')).rejects.toMatchObject({
        code: 'HOPTRACE_BAD_ID',
      })
    })
  })
}
