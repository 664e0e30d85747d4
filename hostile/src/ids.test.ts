import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assignedId, contextHeaders } from './context.fixture.js'
import { clusterKey } from './outsider.fixture.js'
import type { Service } from './processes.fixture.js'
import { hoptrace } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

describe('an id that comes from outside', () => {
  const scene = new Scene()
  let service: Service
  beforeAll(async () => {
    service = await scene.service('edge', { clusterKey })
  })
  afterAll(() => scene[Symbol.asyncDispose]())
  const idAfter = async (headers: Readonly<Record<string, string>>, task?: string): Promise<string> =>
    (await service.work(task === undefined ? {} : { task }, headers)).body.hopId

  it('18.6 is taken when the key vouches for it, and now', async () => {
    const id = assignedId(service.port)
    expect(await idAfter(contextHeaders(id))).toBe(id)
  })

  it('18.2 is not taken with a tag of somebody who has no key', async () => {
    const traceId = '0123456789abcdef0123456789abcdef' as Parameters<typeof contextHeaders>[1]
    for (const tag of ['', '0'.repeat(16), 'f'.repeat(16), '0123456789abcdef'])
      for (const text of [tag, `${tag};s`, tag.slice(1)]) {
        const id = assignedId(service.port)
        expect(await idAfter(contextHeaders(id, traceId, text))).not.toBe(id)
      }
    // A tag of another trace is none.
    const id = assignedId(service.port)
    const { tracestate = '' } = contextHeaders(id)
    const { traceparent = '' } = contextHeaders(id)
    expect(await idAfter({ traceparent, tracestate })).not.toBe(id)
  })

  it('18.6 is not taken long before its time, and what it makes is shipped', async () => {
    for (const millis of [295_000, 60_000, 10_000])
      for (let index = 0; index < 5; index++) {
        const id = assignedId(service.port, millis)
        expect(await idAfter(contextHeaders(id))).not.toBe(id)
      }
    await service.control('flush')
    const stats = (await service.control('stats')) as { readonly appended: number; readonly shipped: number }
    expect(stats).toMatchObject({ shipped: stats.appended, dropped: 0 })
  })

  it('18.2 is not taken a year later, nor an hour', async () => {
    for (const millis of [-365 * 86_400_000, -3_600_000, -120_000]) {
      const id = assignedId(service.port, millis)
      expect(await idAfter(contextHeaders(id))).not.toBe(id)
    }
  })

  it('18.6 is not taken again, after thousands of others, and both requests are found', async () => {
    const id = assignedId(service.port)
    const headers = contextHeaders(id)
    expect(await idAfter(headers, 'twice')).toBe(id)
    let sent = 0
    const sender = async (): Promise<void> => {
      while (sent < 8300) {
        sent++
        await idAfter(contextHeaders(assignedId(service.port)))
      }
    }
    await Promise.all(Array.from({ length: 16 }, sender))
    const again = await idAfter(headers, 'twice')
    expect(again).not.toBe(id)
    await service.control('flush')
    const env = { HOPTRACE_KEY: clusterKey }
    const words = ['range', 'edge', '--since', '1h', '--key', 'task=twice', '--json', '--dir', scene.dataDir]
    const { stdout } = await hoptrace(words, { env })
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { hopId: string }).hopId)
    expect(found.sort()).toEqual([id, again].sort())
  })
})
