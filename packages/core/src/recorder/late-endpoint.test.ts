import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { timing } from '../base/timing.js'
import { LateEndpoint } from './late-endpoint.js'
import type { RunEndpointOptions } from './run-endpoint.js'

const made = vi.hoisted(() => ({ count: 0, closed: 0, fails: 0 }))
vi.mock('./run-endpoint.js', () => ({
  RunEndpoint: class {
    readonly live = { handle: ({ url }: { url: string }) => Promise.resolve({ status: 200, body: url }) }

    constructor() {
      if (made.fails-- > 0) throw new Error('EMFILE')
      made.count++
    }

    close(): void {
      made.closed++
    }
  },
}))

const options = {} as RunEndpointOptions
const question = { method: 'GET', url: '/hops/1', headers: {}, asker: 'test' }
const { signal } = new AbortController()

beforeEach(() => {
  Object.assign(made, { count: 0, closed: 0, fails: 0 })
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => vi.useRealTimers())

describe('the endpoint of a run', () => {
  it('is loaded with the first question, and once', async () => {
    const endpoint = new LateEndpoint(options)
    expect(made.count).toBe(0)
    const answers = await Promise.all([endpoint.handle(question, signal), endpoint.handle(question, signal)])
    expect(answers).toEqual([
      { status: 200, body: '/hops/1' },
      { status: 200, body: '/hops/1' },
    ])
    await vi.advanceTimersByTimeAsync(timing.loadAnswersMillis)
    expect(made.count).toBe(1)
    await endpoint.close()
    expect(made.closed).toBe(1)
  })

  it('is loaded without a question soon after the start', async () => {
    const endpoint = new LateEndpoint(options)
    vi.advanceTimersByTime(timing.loadAnswersMillis)
    vi.useRealTimers()
    await expect.poll(() => made.count).toBe(1)
    await endpoint.close()
    expect(made.closed).toBe(1)
  })

  it('is loaded by the next question where it could not be', async () => {
    made.fails = 1
    const endpoint = new LateEndpoint(options)
    await expect(endpoint.handle(question, signal)).rejects.toThrow('EMFILE')
    expect(await endpoint.handle(question, signal)).toMatchObject({ status: 200 })
    await endpoint.close()
  })

  it('is not loaded where the run ends before', async () => {
    const endpoint = new LateEndpoint(options)
    await endpoint.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(made).toMatchObject({ count: 0, closed: 0 })
  })
})
