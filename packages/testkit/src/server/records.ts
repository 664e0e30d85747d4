import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itWhere } from '../client/where.js'
import { samples } from './samples.js'
import { startBare, startTraced, type TracedSubject } from './running.js'
import { closedAtLastByte } from './last-byte.js'
import { signal } from './signal.js'
import type { ServerSubject } from './subject.js'

/** The content of a request's record. */
export function testRecords(subject: ServerSubject): void {
  const { nodeObjects = true, framework = true, connection = true } = subject.supports
  describe('records', () => {
    let shared: TracedSubject
    beforeAll(async () => {
      shared = await startTraced(subject)
    })
    afterAll(() => shared[Symbol.asyncDispose]())

    it.each(samples(subject.supports))('$title', async ({ title: _, route, status, error, ...request }) => {
      const { response, traceId } = await shared.sendTraced(request)
      expect(response.status).toBe(status)
      const all = (await shared.kit.records()).filter((hop) => hop.traceId === traceId)
      expect(all).toHaveLength(1)
      expect(all[0]).toMatchObject({
        traceId,
        service: 'kit',
        state: 'closed',
        method: request.method ?? 'GET',
        route,
        status,
        aborted: false,
        next: [],
      })
      expect(all[0]?.error?.message).toEqual(error)
      expect(all[0]?.durationMicros).toBeGreaterThan(0)
      if (connection) expect(all[0]?.instance.address).toBe(`127.0.0.1:${shared.port}`)
    })

    it('an error before routing, such as a body that cannot be parsed', async () => {
      await using traced = await startTraced(subject)
      const { response, traceId } = await traced.sendTraced({
        method: 'POST',
        path: '/echo',
        headers: { 'content-type': 'application/json' },
        body: '{"a":',
      })
      const record = (await traced.kit.records()).find((hop) => hop.traceId === traceId)
      expect(record).toMatchObject({ state: 'closed', status: response.status })
      expect(record?.error?.name).toMatch(/Error$/)
      // The message of an error with a 4xx status may contain the client's input.
      if (framework) expect(record?.error?.message).toBe('')
    })

    it('a request with a malformed URL, answered as without tracing', async () => {
      await using bare = await startBare(subject)
      await using traced = await startTraced(subject)
      const request = { path: '/items/%zz' }
      const { response, traceId } = await traced.sendTraced(request)
      expect(response.status).toBe((await bare.send(request)).status)
      const record = (await traced.kit.records()).find((hop) => hop.traceId === traceId)
      expect(record).toMatchObject({ state: 'closed', status: response.status })
      expect(record?.route ?? '').not.toContain('%zz')
    })

    it('no raw path, query or body anywhere', async () => {
      await using traced = await startTraced(subject)
      const headers = { 'content-type': 'application/json', authorization: 'Bearer secret-1' }
      await traced.send({ path: '/items/secret-2?token=secret-3', headers })
      await traced.send({ path: '/tenants/secret-4/orders/secret-5', headers })
      await traced.send({ path: '/missing/secret-6', headers })
      await traced.send({ method: 'POST', path: '/echo', headers, body: '{"a":"secret-7"}' })
      const records = await traced.kit.records()
      expect(records).toHaveLength(4)
      const text = JSON.stringify(records, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      expect(text).not.toContain('secret')
    })

    it('the route of an open request, from its first event on', async () => {
      const [gate, entered] = [signal(), signal()]
      await using traced = await startTraced(subject, {
        hooks: { gate: gate.promise, entered: entered.resolve },
      })
      const answer = traced.sendTraced({ path: '/tenants/acme/parcels/7' })
      await entered.promise
      const route = framework ? '/tenants/:tenant/parcels/:parcel' : null
      const events = [{ name: 'parcel.found' }]
      expect(await traced.kit.records()).toMatchObject([{ state: 'open', route, events }])
      gate.resolve()
      expect((await answer).response.status).toBe(200)
      expect(await traced.kit.records()).toMatchObject([{ state: 'closed', route, status: 200, events }])
    })

    itWhere(nodeObjects, 'before the last byte of the response is written', async () => {
      const appended: number[] = []
      await using traced = await startTraced(subject, {
        hooks: {
          spy: ({ res }) => {
            const { socket } = res
            if (socket === null) return
            const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
            socket.write = (...args: unknown[]) => {
              appended.push(traced.kit.tracer.stats().appended)
              return write(...args)
            }
          },
        },
      })
      await traced.send({ path: '/spied' })
      expect(appended.length).toBeGreaterThan(0)
      expect(appended.at(-1)).toBe(1)
    })

    it('before the last byte of the response arrives', async () => {
      await using traced = await startTraced(subject)
      const { body } = await traced.send({ path: '/stream' })
      for (const path of ['/items/1', '/stream', '/large'])
        expect(await closedAtLastByte(traced, path), path).toBe(true)
      expect(String(body)).toBe('onetwothree')
    })

    itWhere(
      nodeObjects,
      'nothing for questions of other hosts, which never reach the application',
      async () => {
        const clusterKey = 'kJ3nq0v1Zs8wYt5LxP7cRb2MdHg4Fa6e'
        await using traced = await startTraced(subject, { options: { clusterKey } })
        const answer = await traced.send({ path: '/_hoptrace/v1/instance' })
        expect(answer).toMatchObject({ status: 401, body: Buffer.alloc(0) })
        expect(await traced.kit.records()).toHaveLength(0)
        // This path only resolves to the endpoint, so it belongs to the application.
        await traced.send({ path: '/_hoptrace/v1/../../items/1' })
        expect(await traced.kit.records()).toHaveLength(1)
        expect((await traced.send({ path: '/items/1' })).status).toBe(200)
        expect(traced.errors).toEqual([])
      },
    )

    itWhere(
      nodeObjects,
      'nothing for them where the adapter is under a path: they are at the root, as the registry says',
      async () => {
        const clusterKey = 'kJ3nq0v1Zs8wYt5LxP7cRb2MdHg4Fa6e'
        await using bare = await startBare(subject)
        await using traced = await startTraced(subject, { options: { clusterKey }, under: '/api' })
        for (const path of ['/_hoptrace/v1/instance', '/_hoptrace/v1/range?from=0&to=9'])
          expect(await traced.send({ path })).toMatchObject({ status: 401, body: Buffer.alloc(0) })
        const path = '/api/_hoptrace/v1/instance'
        expect((await traced.send({ path })).status).toBe((await bare.send({ path })).status)
        expect((await traced.send({ path: '/items/1' })).status).toBe(200)
      },
    )
  })
}
