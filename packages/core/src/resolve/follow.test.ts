import { describe, expect, it } from 'vitest'
import { HoptraceError } from '../base/errors.js'
import { Chain } from './chain.fixture.js'
import { LiveEndpoint, type EndpointResponse } from '../recorder/endpoint.js'
import { follow, type FollowStep } from './follow.js'
import { unknownProgress, type ProgressResult } from './progress.js'
import { testId } from './test-trace.fixture.js'

const open = { state: 'open', status: null, durationMicros: null } as const
const headers = { accept: 'text/event-stream' }

async function running(): Promise<Chain> {
  const chain = await Chain.of(['gateway'])
  const begun = { name: 'begun', offsetMicros: 1, attributes: {} }
  chain.instance(0).records.push(chain.record(0, { ...open, keys: { orderId: '42' }, events: [begun] }))
  return chain
}

async function kinds(steps: AsyncIterable<FollowStep>): Promise<string[]> {
  const list: string[] = []
  for await (const step of steps) list.push(step.kind === 'event' ? step.event.name : step.kind)
  return list
}

describe('who follows a flow', () => {
  it('stays with the trace that the key led to, whatever begins later with the same key', async () => {
    await using chain = await running()
    const { records, port } = chain.instance(0)
    const traces = new Set<string>()
    for await (const step of chain.resolver().follow('orderId=42', { intervalMillis: 10 })) {
      if (step.kind === 'event') continue
      traces.add(step.progress.traceId)
      if (step.kind === 'end') break
      records.push(chain.record(0, { ...open, hopId: testId(port), keys: { orderId: '42' } }))
      records[0] = { ...(records[0] as (typeof records)[0]), state: 'closed', status: 200, durationMicros: 9 }
    }
    expect([...traces]).toEqual([chain.traceId])
  })

  it('continues after a failed attempt, and ends when none can succeed', async () => {
    const one = { ...unknownProgress('x'), verdict: 'running' } as ProgressResult
    let looks = 0
    const flaky = async (): Promise<ProgressResult> => {
      looks++
      if (looks === 2) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'away for a moment')
      return looks < 4 ? one : { ...one, verdict: 'completed' }
    }
    expect(await kinds(follow(flaky, { intervalMillis: 10 }))).toEqual(['state', 'end'])
    expect(looks).toBe(4)
    const closed = async (): Promise<ProgressResult> => {
      if (looks++ > 5) throw new HoptraceError('HOPTRACE_CLOSED', 'the resolver is closed')
      return one
    }
    await expect(kinds(follow(closed, { intervalMillis: 10 }))).rejects.toMatchObject({
      code: 'HOPTRACE_CLOSED',
    })
    const never = async (): Promise<ProgressResult> => {
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', 'away')
    }
    await expect(kinds(follow(never))).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    for (const intervalMillis of [0, -1, Number.NaN, Infinity, 2 ** 40]) {
      await expect(kinds(follow(never, { intervalMillis }))).rejects.toThrow(TypeError)
    }
  })

  it('ends when its asker has gone', async () => {
    await using chain = await running()
    const abort = new AbortController()
    const steps = chain.resolver().follow(chain.traceId, { intervalMillis: 60_000, signal: abort.signal })
    await expect(
      (async () => {
        for await (const step of steps) if (step.kind === 'state') abort.abort(new Error('gone'))
      })(),
    ).rejects.toThrow()
  })
})

describe('a live endpoint that is followed', () => {
  async function endpoint(
    chain: Chain,
  ): Promise<(more?: object, signal?: AbortSignal) => Promise<EndpointResponse>> {
    const live = new LiveEndpoint({ own: chain.instance(0), progress: chain.resolver(), maxFollowers: 2 })
    const url = `/_hoptrace/v1/progress/${chain.traceId}`
    return (more, signal) => live.handle({ method: 'GET', url, headers, asker: 'one', ...more }, signal)
  }

  it('ends with the flow, and tells who comes back for more that there is none', async () => {
    await using chain = await running()
    const ask = await endpoint(chain)
    const { records } = chain.instance(0)
    let text = ''
    for await (const piece of (await ask()).body) {
      text += piece
      if (piece.startsWith('event: state'))
        records[0] = {
          ...(records[0] as (typeof records)[0]),
          state: 'closed',
          status: 200,
          durationMicros: 9,
        }
    }
    expect(text).toMatch(/event: end\nid: over\ndata: .*"verdict":"completed".*\n\n$/)
    expect((await ask({ headers: { ...headers, 'last-event-id': 'over' } })).status).toBe(204)
  })

  it('has a place again as soon as a follower has gone', async () => {
    await using chain = await running()
    const ask = await endpoint(chain)
    const abort = new AbortController()
    const first = (await ask({}, abort.signal)).body[Symbol.asyncIterator]()
    await first.next()
    // One of two places for each asker.
    expect((await ask()).status).toBe(503)
    const other = await ask({ asker: 'other' })
    expect(other.status).toBe(200)
    abort.abort()
    while ((await first.next()).done !== true);
    const again = await ask()
    expect(again.status).toBe(200)
    for (const { body } of [other, again]) await body[Symbol.asyncIterator]().return?.()
    expect((await ask()).status).toBe(200)
  })

  it('rejects invalid input', async () => {
    await using chain = await running()
    const ask = await endpoint(chain)
    for (const more of [{}, { headers: {} }]) {
      const { status, body } = await ask({ url: '/_hoptrace/v1/progress/nonsense', ...more })
      let text = ''
      for await (const piece of body) text += piece
      expect({ status, text }).toEqual({
        status: 400,
        text: expect.stringContaining('32 hex digits') as string,
      })
    }
    for (const last of ['x'.repeat(10_000), '-', ',,,', `${chain.traceId}-99999`]) {
      const { status, body } = await ask({ headers: { ...headers, 'last-event-id': last } })
      expect(status).toBe(200)
      await body[Symbol.asyncIterator]().return?.()
    }
  })
})
