import { describe, expect, it } from 'vitest'
import type { ResolveResult } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

function call(from: TestService, to: string, order: string) {
  return send(`${from.url}/call?order=${order}&to=${encodeURIComponent(to)}`)
}

/** Asks until nothing is undetermined any more: an early answer may be undetermined, but not wrong. */
async function settled(dir: string, order: string, right: string): Promise<ResolveResult> {
  return eventually(async () => {
    const result = await resolveIn(dir, `orderId=${order}`)
    expect([right, 'undetermined', 'not-found']).toContain(result.verdict)
    return result.verdict === right ? result : undefined
  })
}

describe('incarnations', () => {
  it('on one port are told apart, and from another service that takes it over', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, ...quick }
    await using front = await TestService.start({ service: 'front', port: 0, ...options })
    await using first = await TestService.start({ service: 'payments', port: 0, ...options })
    const { port, url } = first
    // Its recorder, which takes the lock by which it is known to live, has begun.
    await call(front, `${url}/ok`, 'zeroth')
    await first.ask({ do: 'flush' })
    const lost = call(front, `${url}/hang`, 'first')
    await first.hanging(1)
    await first.kill()
    await lost
    await call(front, `${url}/ok`, 'refused')
    await using second = await TestService.start({ service: 'payments', port, ...options })
    await call(front, `${url}/ok`, 'second')
    await second.ask({ do: 'flush' })
    const again = call(front, `${url}/hang`, 'second-lost')
    await second.hanging(1)
    await second.kill()
    await again
    await using other = await TestService.start({ service: 'refunds', port, ...options })
    await call(front, `${url}/ok`, 'other')
    await other.ask({ do: 'flush' })
    const last = call(front, `${url}/hang`, 'other-lost')
    await other.hanging(1)
    await other.kill()
    await last

    for (const adopted of [false, true]) {
      if (adopted) await adoptAll(dir.path)
      const died = { hops: [{ service: 'front' }, { service: 'payments', state: 'interrupted' }] }
      expect(await settled(dir.path, 'first', 'died')).toMatchObject(died)
      expect(await settled(dir.path, 'second-lost', 'died')).toMatchObject(died)
      expect(await settled(dir.path, 'refused', 'unreachable')).toMatchObject({
        hops: [{ service: 'front' }],
      })
      const second = await settled(dir.path, 'second', 'completed')
      expect(second.hops).toMatchObject([{ service: 'front' }, { service: 'payments', state: 'closed' }])
      const other = await settled(dir.path, 'other', 'completed')
      expect(other.hops).toMatchObject([{ service: 'front' }, { service: 'refunds', state: 'closed' }])
      const otherLost = await settled(dir.path, 'other-lost', 'died')
      expect(otherLost.endedAt).toMatchObject({ service: 'refunds' })
    }
  })

  it('that move to another port are followed', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, ...quick }
    await using front = await TestService.start({ service: 'front', port: 0, ...options })
    await using first = await TestService.start({ service: 'payments', port: 0, ...options })
    await call(front, `${first.url}/ok`, 'before')
    await first.ask({ do: 'close' })
    await first.kill('SIGTERM')
    await using moved = await TestService.start({ service: 'payments', port: 0, ...options })
    await call(front, `${moved.url}/ok`, 'after')
    await call(front, `${first.url}/ok`, 'old-address')
    expect(await settled(dir.path, 'before', 'completed')).toMatchObject({
      hops: [{}, { instance: `127.0.0.1:${first.port}` }],
    })
    expect(await settled(dir.path, 'after', 'completed')).toMatchObject({
      hops: [{}, { instance: `127.0.0.1:${moved.port}` }],
    })
    expect(await settled(dir.path, 'old-address', 'unreachable')).toMatchObject({
      hops: [{ service: 'front' }],
    })
  })

  it('without a port are told apart, several on one host, and continue a trace by a message', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, ...quick }
    await using producer = await TestService.start({ service: 'producer', ...options })
    await using one = await TestService.start({ service: 'consumer', ...options })
    await using two = await TestService.start({ service: 'consumer', ...options })
    const publish = async () =>
      (await producer.ask({ do: 'job', name: 'publish', publish: 'http://queue.test/orders' })) as {
        id: string
        headers: Record<string, string>
        callee: string
      }
    const messages = [await publish(), await publish(), await publish()]
    const consume = (by: TestService, message: number, how: 'job' | 'hanging-job') =>
      by.ask({ do: how, name: 'consume', headers: messages[message]?.headers ?? {} })
    await consume(one, 0, 'job')
    await consume(two, 1, 'job')
    await Promise.all([one.ask({ do: 'flush' }), two.ask({ do: 'flush' }), producer.ask({ do: 'flush' })])
    await consume(two, 2, 'hanging-job')
    await two.kill()
    const instances = new Set<string>()
    for (const [index, message] of messages.entries()) {
      const consumed = await resolveIn(dir.path, message.callee)
      expect(consumed.hops.at(-1)).toMatchObject({
        service: 'consumer',
        traceId: message.id,
        route: 'consume',
        state: index === 2 ? 'interrupted' : 'closed',
      })
      const produced = await resolveIn(dir.path, message.id)
      expect(produced.hops).toMatchObject([{ service: 'producer' }, { hopId: consumed.hops.at(-1)?.hopId }])
      expect(produced.verdict).toBe(index === 2 ? 'died' : 'completed')
      instances.add(consumed.hops.at(-1)?.instance ?? '')
    }
    expect(instances.size).toBe(2)
  })

  it('run jobs first and listen later', async () => {
    using dir = tempDir()
    await using service = await TestService.start({ service: 'both', dataDir: dir.path, ...quick })
    const job = (await service.ask({ do: 'job', name: 'warm-up' })) as { id: string }
    service.port = (await service.ask({ do: 'listen', port: 0 })) as number
    expect((await send(`${service.url}/ok?order=1`)).status).toBe(200)
    const late = (await service.ask({ do: 'job', name: 'late' })) as { id: string }
    expect(await resolveIn(dir.path, late.id)).toMatchObject({
      verdict: 'completed',
      hops: [{ service: 'both' }],
    })
    await service.ask({ do: 'flush' })
    const hung = send(`${service.url}/hang?order=2`)
    await service.hanging(1)
    for (const dead of [false, true]) {
      if (dead) await service.kill()
      for (const id of [job.id, late.id]) {
        expect(await resolveIn(dir.path, id)).toMatchObject({
          verdict: 'completed',
          hops: [{ service: 'both' }],
        })
      }
      expect(await resolveIn(dir.path, 'orderId=1')).toMatchObject({
        verdict: 'completed',
        hops: [{ instance: `127.0.0.1:${service.port}` }],
      })
      expect((await resolveIn(dir.path, 'orderId=2')).verdict).toBe(dead ? 'interrupted' : 'running')
    }
    await hung
    await adoptAll(dir.path)
    expect((await resolveIn(dir.path, 'orderId=2')).verdict).toBe('interrupted')
    expect((await resolveIn(dir.path, job.id)).verdict).toBe('completed')
  })
})
