import { describe, expect, it } from 'vitest'
import { openKitTracer } from '../adapter/kit-tracer.js'
import { comparableOutcome, inHop, outcomeOf, sendInHop } from './in-hop.js'
import { assignedTo, closedPort, startKitServer } from './server.js'
import type { ClientRequest, ClientSubject } from './subject.js'

const OURS = ['traceparent', 'tracestate']

/** The outgoing request is the same except for our headers. */
export function testRequests(subject: ClientSubject): void {
  const post: Omit<ClientRequest, 'url'> = { method: 'POST', headers: { 'x-own': 'kept' }, body: { a: 1 } }

  describe('sends', () => {
    it('the trace and the id that it assigned to the callee', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const { record, calls } = await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/ok` })
      const [request] = server.seen
      expect(request?.headers['traceparent']).toMatch(new RegExp(`^00-${record.traceId}-[0-9a-f]{16}-01$`))
      expect(assignedTo(request)).toBe(calls[0]?.hopId)
      expect(request?.headers['tracestate']).toMatch(/^hoptrace=[0-9a-f]{32}-[0-9a-f]{16}$/)
      expect(calls[0]).toMatchObject({ target: `127.0.0.1:${server.port}`, method: 'GET', outcome: '200' })
    })

    it('the same request as without tracing, except for our headers', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      await outcomeOf(subject.create(undefined), { ...post, url: `${server.url}/created?x=1` })
      await sendInHop(subject, kit, { ...post, url: `${server.url}/created?x=1` })
      const [bare, traced] = server.seen
      const others = Object.entries(traced?.headers ?? {}).filter(([name]) => !OURS.includes(name))
      expect({ ...traced, headers: Object.fromEntries(others) }).toEqual(bare)
    })

    it('an untouched request outside a hop, and records nothing', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      await outcomeOf(subject.create(undefined), { ...post, url: `${server.url}/created` })
      await outcomeOf(subject.create(kit.tracer), { ...post, url: `${server.url}/created` })
      expect(server.seen[1]).toEqual(server.seen[0])
      expect(await kit.records()).toEqual([])
    })

    it('our headers instead of a context of the application', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const headers = { TraceParent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, 'x-own': 'kept' }
      const { record } = await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/ok`, headers })
      expect(server.seen[0]?.headers['traceparent']).toContain(record.traceId)
      expect(server.seen[0]?.headers['x-own']).toBe('kept')
    })

    it('nothing before the call is in the log', async () => {
      await using kit = await openKitTracer()
      const logged: (string | undefined)[] = []
      await using server = await startKitServer(async () => {
        logged.push(...(await kit.records()).flatMap((record) => record.next.map(({ target }) => target)))
      })
      await sendInHop(subject, kit, { method: 'GET', url: `${server.url}/ok` })
      expect(logged).toEqual([`127.0.0.1:${server.port}`])
    })
  })

  describe('gives its caller', () => {
    it.each([
      '/ok',
      '/created',
      '/missing',
      '/failing',
      '/served-by',
      '/streamed',
      '/reset',
      '/broken-off',
      '/hop-1',
    ])('the same result as without tracing for %s', async (path) => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: server.url + path }
      const bare = await outcomeOf(subject.create(undefined), request)
      const { outcome } = await sendInHop(subject, kit, request)
      expect(comparableOutcome(outcome)).toEqual(comparableOutcome(bare))
    })

    it('the same error as without tracing for a closed port', async () => {
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: `http://127.0.0.1:${await closedPort()}/ok` }
      const bare = await outcomeOf(subject.create(undefined), request)
      const { outcome } = await sendInHop(subject, kit, request)
      expect(comparableOutcome(outcome)).toEqual(comparableOutcome(bare))
    })

    it('the same error as without tracing for an invalid URL, and records no call', async () => {
      await using kit = await openKitTracer()
      const request = { method: 'GET', url: 'http://[' }
      const bare = await outcomeOf(subject.create(undefined), request)
      const { outcome, calls } = await sendInHop(subject, kit, request)
      expect(comparableOutcome(outcome)).toEqual(comparableOutcome(bare))
      expect(calls).toEqual([])
    })

    it('an answer even if the tracer is closed', async () => {
      await using server = await startKitServer()
      await using kit = await openKitTracer()
      const client = subject.create(kit.tracer)
      await inHop(kit, () => outcomeOf(client, { method: 'GET', url: `${server.url}/ok` }))
      await kit.tracer.close()
      const outcome = await outcomeOf(client, { method: 'GET', url: `${server.url}/ok` })
      expect(outcome).toMatchObject({ body: '{"ok":true}' })
    })
  })
}
