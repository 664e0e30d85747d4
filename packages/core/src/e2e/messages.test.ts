import { describe, expect, it } from 'vitest'
import type { ResolveResult, Verdict } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, eventually, resolveIn, TestService } from './test-service.fixture.js'

const message = 'kafka://orders.placed'

interface Sent {
  readonly id: string
  readonly headers: Record<string, string>
}

const start = (dir: string, service: string): Promise<TestService> =>
  TestService.start(
    { service, dataDir: dir, windowMillis: 500, graceMillis: 100 },
    { program: 'consumer.fixture.ts' },
  )

const send = async (service: TestService, traced = true): Promise<Sent> =>
  (await service.ask({ do: 'send', message, traced })) as Sent

const take = (service: TestService, { headers }: Sent, how: 'done' | 'failed' | 'kept'): Promise<unknown> =>
  service.ask({ do: 'take', message, headers, how })

/** Resolves once the verdict is this one; until then, only `undetermined` is right. */
function becomes(dir: string, id: string, verdict: Verdict): Promise<ResolveResult> {
  return eventually(async () => {
    const seen = await resolveIn(dir, id)
    if (seen.verdict === verdict) return seen
    expect(seen.verdict).toBe('undetermined')
    return undefined
  })
}

describe('a message', () => {
  it('is running until it is taken, at work and done, alive or shipped', async () => {
    using dir = tempDir()
    await using orders = await start(dir.path, 'orders')
    await using notify = await start(dir.path, 'notify')
    const sent = await send(orders)
    expect((await becomes(dir.path, sent.id, 'running')).evidence.join()).toContain(
      'no traced service consumes it',
    )
    await notify.ask({ do: 'consumes', message })
    const seen = await becomes(dir.path, sent.id, 'running')
    expect(seen.endedAt).toMatchObject({ service: message })
    expect(seen.evidence.join()).toMatch(/the message to kafka:\/\/orders\.placed is not taken since 20/)
    await take(notify, sent, 'kept')
    expect(await becomes(dir.path, sent.id, 'running')).toMatchObject({
      endedAt: { service: 'notify' },
      hops: [{ service: 'orders' }, { service: 'notify', state: 'open', route: message }],
    })
    await notify.ask({ do: 'finish' })
    expect((await becomes(dir.path, sent.id, 'completed')).hops).toHaveLength(2)
    await orders.ask({ do: 'flush' })
    await notify.ask({ do: 'flush' })
    expect((await becomes(dir.path, sent.id, 'completed')).hops).toHaveLength(2)
    await notify.ask({ do: 'close' })
    await orders.ask({ do: 'close' })
    expect((await becomes(dir.path, sent.id, 'completed')).hops).toHaveLength(2)
  })

  it('died in the hands of a killed consumer, and completes when the next one has taken it again', async () => {
    using dir = tempDir()
    await using orders = await start(dir.path, 'orders')
    await using first = await start(dir.path, 'notify')
    const sent = await send(orders)
    await take(first, sent, 'kept')
    await first.kill()
    const died = await becomes(dir.path, sent.id, 'died')
    expect(died).toMatchObject({ endedAt: { service: 'notify' }, lastHealthy: { service: 'orders' } })
    expect(died.evidence).toContain('the broker may deliver the message again')
    await using second = await start(dir.path, 'notify')
    await take(second, sent, 'done')
    const check = async (): Promise<void> => {
      // While the death of the first consumer is not known, its hop is open, and the verdict is the same.
      const seen = await eventually(async () => {
        const one = await becomes(dir.path, sent.id, 'completed')
        return one.hops.some(({ state }) => state === 'open') ? undefined : one
      })
      expect(seen.hops).toMatchObject([
        { service: 'orders' },
        { service: 'notify', state: 'closed' },
        { service: 'notify', state: 'interrupted' },
      ])
      expect(seen.faults).toMatchObject([{ verdict: 'died', service: 'notify', handled: true }])
    }
    await check()
    await adoptAll(dir.path)
    await second.ask({ do: 'flush' })
    await check()
  })

  it('has one hop for each attempt of one process, before and after they are shipped', async () => {
    using dir = tempDir()
    await using orders = await start(dir.path, 'orders')
    await using notify = await start(dir.path, 'notify')
    const sent = await send(orders)
    await take(notify, sent, 'failed')
    expect((await becomes(dir.path, sent.id, 'failed')).evidence.join()).toContain('Error: not now')
    await notify.ask({ do: 'flush' })
    expect((await becomes(dir.path, sent.id, 'failed')).hops).toHaveLength(2)
    await take(notify, sent, 'failed')
    await take(notify, sent, 'done')
    expect((await becomes(dir.path, sent.id, 'completed')).hops).toHaveLength(4)
    await notify.kill()
    expect((await becomes(dir.path, sent.id, 'completed')).hops).toHaveLength(4)
    await adoptAll(dir.path)
    expect((await becomes(dir.path, sent.id, 'completed')).hops).toHaveLength(4)
  })

  it('goes to every service that consumes it, and is over when all are', async () => {
    using dir = tempDir()
    await using orders = await start(dir.path, 'orders')
    await using notify = await start(dir.path, 'notify')
    await using audit = await start(dir.path, 'audit')
    const sent = await send(orders)
    await take(notify, sent, 'done')
    await take(audit, sent, 'kept')
    await becomes(dir.path, sent.id, 'running')
    await audit.kill()
    expect(await becomes(dir.path, sent.id, 'died')).toMatchObject({ endedAt: { service: 'audit' } })
  })

  it('to services without a tracer is over when the broker has it', async () => {
    using dir = tempDir()
    await using orders = await start(dir.path, 'orders')
    const sent = await send(orders, false)
    const seen = await becomes(dir.path, sent.id, 'completed')
    expect(seen.hops[0]?.next).toMatchObject([{ target: message, outcome: '202', found: 'untraced' }])
    expect(sent.headers['tracestate']).toMatch(/^hoptrace=\?/)
  })
})
