import { createServer } from 'node:http'
import { beginInbound } from '@hoptrace/core'
import { describe, expect, it } from 'vitest'
import { listen } from '../adapter/exchange.js'
import { openKitTracer } from '../adapter/kit-tracer.js'
import { inHop, outcomeOf, sendInHop } from './in-hop.js'
import { assignedTo, startKitServer } from './server.js'
import type { ClientSubject } from './subject.js'
import { itWhere } from './where.js'

/** What the recorded calls of a hop contain. */
export function testCalls(subject: ClientSubject): void {
  describe('records', () => {
    it.each([
      ['/ok', '200'],
      ['/created', '201'],
      ['/missing', '404'],
      ['/failing', '503'],
    ])('the status of %s', async (path, outcome) => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const { calls } = await sendInHop(subject, kit, { method: 'POST', url: server.url + path, body: {} })
      expect(calls).toHaveLength(1)
      expect(calls[0]).toMatchObject({ method: 'POST', outcome, servedBy: null })
      expect(calls[0]?.durationMicros).toBeGreaterThan(0)
    })

    it('each attempt of a retry as a separate call', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const client = subject.create(kit.tracer)
      const { calls } = await inHop(kit, async () => {
        for (const path of ['/failing', '/failing', '/ok']) {
          await outcomeOf(client, { method: 'GET', url: server.url + path })
        }
      })
      expect(calls.map(({ outcome }) => outcome)).toEqual(['503', '503', '200'])
      expect(server.seen.map(assignedTo)).toEqual(calls.map(({ hopId }) => hopId))
      expect(new Set(calls.map(({ hopId }) => hopId)).size).toBe(3)
    })

    it('each of many parallel calls', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const client = subject.create(kit.tracer)
      const paths = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? '/ok' : '/missing'))
      const { calls } = await inHop(kit, () =>
        Promise.all(paths.map((path) => outcomeOf(client, { method: 'GET', url: server.url + path }))),
      )
      expect(calls).toHaveLength(20)
      const outcomes = new Map(calls.map(({ hopId, outcome }) => [String(hopId), outcome]))
      for (const request of server.seen) {
        expect(outcomes.get(assignedTo(request) ?? '')).toBe(request.path === '/ok' ? '200' : '404')
      }
    })

    it('each call in the hop that made it, with parallel hops', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const client = subject.create(kit.tracer)
      const hops = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          inHop(kit, async () => {
            await outcomeOf(client, { method: 'GET', url: `${server.url}/streamed?hop=${i}` })
            await outcomeOf(client, { method: 'GET', url: `${server.url}/ok?hop=${i}` })
          }),
        ),
      )
      for (const [i, { record, calls }] of hops.entries()) {
        const own = server.seen.filter(({ path }) => path.endsWith(`?hop=${i}`))
        expect(own.map(assignedTo)).toEqual(calls.map(({ hopId }) => hopId))
        for (const { headers } of own) expect(headers['traceparent']).toContain(record.traceId)
      }
    })

    it('the hop that answered, if the response proves it', async () => {
      await using kit = await openKitTracer()
      await using callee = await openKitTracer({ service: 'inventory', dataDir: kit.dataDir })
      await using server = await listen(
        createServer((req, res) => {
          beginInbound(callee.tracer, req, res)
          res.end('ok')
        }),
      )
      const { calls } = await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/ok` })
      const { hopId } = calls[0] ?? {}
      expect(calls[0]?.servedBy).toEqual({ hopId, service: 'inventory', address: `127.0.0.1:${server.port}` })
    })

    it.each(['/served-by', '/hostile', '/hostile-list'])(
      'no answering hop if the response does not prove it: %s',
      async (path) => {
        await using server = await startKitServer()
        await using kit = await openKitTracer()
        const { calls } = await sendInHop(subject, kit, { method: 'GET', url: server.url + path })
        expect(calls[0]).toMatchObject({ outcome: '200', servedBy: null, service: null })
      },
    )

    itWhere(subject.supports.redirects, 'each target of a redirect as a separate call', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const { calls, record } = await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/hop-1` })
      expect(calls.map(({ outcome }) => outcome)).toEqual(['302', '307', '200'])
      expect(server.seen.map(assignedTo)).toEqual(calls.map(({ hopId }) => hopId))
      for (const { headers } of server.seen) expect(headers['traceparent']).toContain(record.traceId)
    })

    itWhere(subject.supports.redirects, 'a redirect that is not followed as one call', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: `${server.url}/hop-1`, maxRedirects: 0 }
      const { calls } = await sendInHop(subject, kit, request)
      expect(calls.map(({ outcome }) => outcome)).toEqual(['302'])
    })

    itWhere(subject.supports.streaming, 'a streamed response when its body ends', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const client = subject.create(kit.tracer)
      const { result, calls } = await inHop(kit, async () => {
        const response = await client.request({
          method: 'GET',
          url: `${server.url}/streamed`,
          stream: true,
        })
        const open = (await kit.records()).flatMap(({ next }) => next.map(({ outcome }) => outcome))
        return { open, body: await response.text() }
      })
      expect(result).toEqual({ open: [null], body: 'one two' })
      expect(calls[0]?.outcome).toBe('200')
    })
  })
}
