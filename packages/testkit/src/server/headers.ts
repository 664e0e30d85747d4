import { describe, expect, it } from 'vitest'
import { foreignContext, openKitTracer } from '../adapter/kit-tracer.js'
import { itWhere } from '../client/where.js'
import { startTraced, type TracedSubject } from './running.js'
import type { ServerSubject } from './subject.js'

const SPAN = '00f067aa0ba902b7'
const ZERO = '0'.repeat(32)

/** The headers of a hoptrace caller of `traced`, and their ids. */
async function callFrom(traced: TracedSubject) {
  await using caller = await openKitTracer({ service: 'caller', dataDir: traced.kit.dataDir })
  return caller.tracer.run({ name: 'job' }, () => {
    const hop = caller.tracer.hop
    if (hop === undefined) throw new Error('a tracer that works has a hop inside run')
    const { headers, hopId } = hop.call(`http://127.0.0.1:${traced.port}/`)
    return { headers: { ...headers }, hopId, traceId: hop.traceId }
  })
}

/** The hop that answered, with a tag that requires the cluster key. */
const answerOf = (hopId: string, port: number): RegExp =>
  new RegExp(`^${hopId};kit;127\\.0\\.0\\.1:${port};[0-9a-f]{16}$`)

const hostile: readonly (readonly [string, Record<string, string | string[]>])[] = [
  ['an empty context', { traceparent: '', tracestate: '' }],
  ['a malformed context', { traceparent: 'hello' }],
  ['an all-zero trace', { traceparent: `00-${ZERO}-${SPAN}-01` }],
  ['uppercase digits', { traceparent: `00-${'A'.repeat(32)}-${SPAN}-01` }],
  ['a forbidden version', { traceparent: `ff-${'a'.repeat(32)}-${SPAN}-01` }],
  ['an oversized context', { traceparent: `01-${'a'.repeat(32)}-${SPAN}-01-${'x'.repeat(4000)}` }],
  [
    'a repeated context',
    { traceparent: [`00-${'a'.repeat(32)}-${SPAN}-01`, `00-${'b'.repeat(32)}-${SPAN}-01`] },
  ],
  ['bytes that are not text', { traceparent: '\u00ff\u00fe\u0080', tracestate: '\u00ff=\u00ff' }],
  ['a state without a context', { tracestate: 'hoptrace=18ea626ac4c834a680000a0000010fa0' }],
]

/** The trace headers of requests and responses. */
export function testHeaders(subject: ServerSubject): void {
  const { connection = true, framework = true } = subject.supports
  describe('headers:', () => {
    itWhere(
      connection,
      'a hoptrace caller has its trace continued under the assigned id, and the response names the hop',
      async () => {
        await using traced = await startTraced(subject)
        const { headers, hopId, traceId } = await callFrom(traced)
        const response = await traced.send({ path: '/items/1', headers })
        expect(response.headers['hoptrace']).toMatch(answerOf(hopId, traced.port))
        expect(response.headers['traceresponse']).toBeUndefined()
        const [record] = await traced.kit.records()
        expect(record).toMatchObject({ hopId, traceId, parentSpan: null, assignedId: null, link: null })
      },
    )

    it('a foreign caller has its trace continued under a new id', async () => {
      await using traced = await startTraced(subject)
      const { traceId, headers } = foreignContext()
      const response = await traced.send({ path: '/items/1', headers })
      const [record] = await traced.kit.records()
      expect(record).toMatchObject({ traceId, parentSpan: headers.traceparent.slice(36, 52), flags: 1 })
      expect(response.headers['hoptrace']).toBeUndefined()
      expect(response.headers['traceresponse']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    })

    it('a caller without a context begins a trace', async () => {
      await using traced = await startTraced(subject)
      const response = await traced.send({ path: '/items/1' })
      const [record] = await traced.kit.records()
      expect(record?.traceId).toBe(record?.hopId)
      expect(response.headers['traceresponse']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
      expect(response.headers['traceresponse']).not.toContain(record?.traceId)
    })

    it('an untrusted caller begins a trace that links its own', async () => {
      await using traced = await startTraced(subject, { options: { trust: 'none' } })
      const { headers } = await callFrom(traced)
      const response = await traced.send({ path: '/items/1', headers })
      const [record] = await traced.kit.records()
      expect(record?.traceId).toBe(record?.hopId)
      expect(record?.link).toBe(headers['traceparent'])
      expect(response.headers['hoptrace']).toBeUndefined()
    })

    itWhere(connection, 'trust may depend on the peer', async () => {
      const peers: (string | undefined)[] = []
      await using traced = await startTraced(subject, {
        options: {
          trust: ({ address }) => {
            peers.push(address)
            return true
          },
        },
      })
      const { headers, hopId } = await callFrom(traced)
      await traced.send({ path: '/items/1', headers })
      expect(peers).toEqual(['127.0.0.1'])
      expect((await traced.kit.records())[0]?.hopId).toBe(hopId)
    })

    itWhere(connection && framework, 'an error response carries them too', async () => {
      await using traced = await startTraced(subject)
      const { headers, hopId } = await callFrom(traced)
      const response = await traced.send({ path: '/throws', headers })
      expect(response.status).toBe(500)
      expect(response.headers['hoptrace']).toMatch(answerOf(hopId, traced.port))
    })

    it.each(hostile)('%s does no harm and begins a trace', async (_, headers) => {
      await using traced = await startTraced(subject)
      const response = await traced.send({ path: '/items/1', headers })
      expect(response.status).toBe(200)
      const records = await traced.kit.records()
      expect(records).toHaveLength(1)
      expect(records[0]).toMatchObject({ state: 'closed', status: 200, assignedId: null, parentSpan: null })
      expect(records[0]?.traceId).toBe(records[0]?.hopId)
    })

    it('a malformed state with a good context keeps the trace', async () => {
      await using traced = await startTraced(subject)
      const { traceId, headers } = foreignContext()
      const tracestate = `hoptrace=${'z'.repeat(300)},=,${'x='.repeat(500)}`
      await traced.send({ path: '/items/1', headers: { ...headers, tracestate } })
      expect((await traced.kit.records())[0]).toMatchObject({ traceId, assignedId: null })
    })
  })
}
