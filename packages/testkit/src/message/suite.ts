import { createTracer, type HopId } from '@hoptrace/core'
import { describe, expect, it } from 'vitest'
import { openKitTracer, foreignContext } from '../adapter/kit-tracer.js'
import { arrived, KitServices } from './channel.js'
import type { MessageSubject } from './subject.js'

/** Real brokers take their time to begin. */
const timeout = 120_000

/** What every adapter for a message client keeps. */
export function messageAdapterSuite(subject: MessageSubject): void {
  describe(`${subject.name}: a message`, { timeout }, () => {
    it('is running at its destination until it is taken, then its consumer is next of its sender', async () => {
      await using services = await KitServices.open(subject)
      const { channel } = services
      const id = await services.inHop(() => channel.send('a'))
      const waiting = await services.eventually(id, ({ verdict }) => verdict === 'running')
      expect(waiting.endedAt?.service).toBe(channel.destination)
      expect(waiting.evidence.join()).toContain(`the message to ${channel.destination} is not taken since`)
      const seen: string[] = []
      await channel.consume(async (body) => void seen.push(body))
      const done = await services.eventually(id, ({ verdict }) => verdict === 'completed')
      expect(seen).toEqual(['a'])
      expect(done.hops).toMatchObject([
        { service: 'sender', next: [{ target: channel.destination, outcome: 'SENT', found: 'hop' }] },
        { service: 'consumer', state: 'closed', calledBy: id, error: null },
      ])
    })

    it('has its own hop in its handler, with what the handler records', async () => {
      await using services = await KitServices.open(subject)
      const { channel, consumer } = services
      const hops: (HopId | undefined)[] = []
      await channel.consume(async (body) => {
        await Promise.resolve()
        consumer.hop?.event('handled', { body })
        hops.push(consumer.hop?.id)
      })
      const id = await services.inHop(() => channel.send('a'))
      const done = await services.eventually(id, ({ verdict }) => verdict === 'completed')
      expect(hops).toEqual([done.hops[1]?.hopId])
      expect(done.hops[1]?.events).toMatchObject([{ name: 'handled', attributes: { body: 'a' } }])
    })

    it('is one call of several that are sent together', async () => {
      await using services = await KitServices.open(subject)
      const { channel } = services
      const id = await services.inHop(() => channel.sendAll(['a', 'b', 'c']))
      const seen: string[] = []
      await channel.consume(async (body) => void seen.push(body))
      const done = await services.eventually(id, ({ verdict }) => verdict === 'completed')
      expect(seen.sort()).toEqual(['a', 'b', 'c'])
      const [sender, ...consumers] = done.hops
      expect(sender?.next.map(({ hopId }) => hopId)).toEqual(consumers.map(({ hopId }) => hopId))
      expect(new Set(consumers.map(({ hopId }) => hopId)).size).toBe(3)
    })

    it('failed where its handler failed, and completes when the broker has delivered it again', async () => {
      await using services = await KitServices.open(subject)
      const { channel } = services
      const seen: string[] = []
      let isDown = true
      await channel.consume(async (body) => {
        seen.push(body)
        if (isDown) throw new Error('the mail server is down')
      })
      const id = await services.inHop(() => channel.send('a'))
      await arrived(seen, 1)
      const failed = await services.eventually(id, ({ verdict }) => verdict === 'failed')
      expect(failed).toMatchObject({ endedAt: { service: 'consumer' }, lastHealthy: { service: 'sender' } })
      expect(failed.evidence.join()).toContain('Error: the mail server is down')
      isDown = false
      const done = await services.eventually(id, ({ verdict }) => verdict === 'completed')
      expect(done.hops.length).toBe(1 + seen.length)
      expect(done.faults).toMatchObject(
        seen.slice(1).map(() => ({ verdict: 'failed', service: 'consumer', handled: true })),
      )
    })

    it('continues the trace that its headers name, and none if they are missing or malformed', async () => {
      await using services = await KitServices.open(subject)
      const { channel, consumer } = services
      const traces: (string | undefined)[] = []
      await channel.consume(async () => void traces.push(consumer.hop?.traceId))
      const foreign = foreignContext()
      await channel.sendRaw('foreign', foreign.headers)
      await arrived(traces, 1)
      await channel.sendRaw('none', {})
      await arrived(traces, 2)
      const malformed = { traceparent: '00-xyz', tracestate: 'hoptrace=\u0000\uffff;=,' }
      await channel.sendRaw('malformed', malformed)
      await arrived(traces, 3)
      // Another cluster's key signed it: it is as foreign as any other.
      await using other = await openKitTracer({ clusterKey: 'the key of another cluster, long enough' })
      const headers = other.tracer.run({ name: 'elsewhere' }, () => {
        return other.tracer.hop?.call({ message: channel.destination }).headers ?? {}
      })
      await channel.sendRaw('other key', headers)
      await arrived(traces, 4)
      const [first, second, third, fourth] = traces
      expect(first).toBe(foreign.traceId)
      expect(new Set([first, second, third]).size).toBe(3)
      expect(fourth).toBe(headers['traceparent']?.slice(3, 35))
    })

    it('leaves as it is outside a hop, and starts a trace at its consumer', async () => {
      await using services = await KitServices.open(subject)
      const { channel, consumer } = services
      const hops: (readonly [string | undefined, string | undefined])[] = []
      await channel.consume(async () => void hops.push([consumer.hop?.id, consumer.hop?.traceId]))
      await channel.send('a')
      await arrived(hops, 1)
      expect(hops[0]?.[0]).toBe(hops[0]?.[1])
    })

    it('fails as without a tracer if the broker is away, and the call says so', async () => {
      await using kit = await openKitTracer()
      const plainDir = await openKitTracer()
      const closed = createTracer({ service: 'closed', dataDir: plainDir.dataDir })
      await closed.close()
      const traced = await subject.away(kit.tracer)
      const plain = await subject.away(closed)
      const errorOf = (sent: Promise<unknown>): Promise<unknown> => sent.then(() => 'sent', described)
      const expected = await errorOf(plain.send('a'))
      const seen = await errorOf(kit.tracer.run({ name: 'place-order' }, () => traced.send('a')))
      expect(seen).toEqual(expected)
      expect(seen).not.toBe('sent')
      const { next } = await kit.eventually(({ next }) => next.length === 1 && next[0]?.outcome !== null)
      expect(next[0]?.outcome).toMatch(/^[A-Z_]+$/)
      expect(next[0]?.outcome).not.toBe('SENT')
      await Promise.all([traced.close(), plain.close(), plainDir[Symbol.asyncDispose]()])
    })

    it('is handled as without a tracer once the tracer is closed', async () => {
      await using services = await KitServices.open(subject)
      const { channel, consumer, sender } = services
      const seen: string[] = []
      await channel.consume(async (body) => void seen.push(body))
      await Promise.all([sender.close(), consumer.close()])
      await channel.send('a')
      await channel.sendAll(['b', 'c'])
      await arrived(seen, 3)
      expect(seen.sort()).toEqual(['a', 'b', 'c'])
    })
  })
}

/** What an application can tell errors apart by. */
function described(error: unknown): object {
  const { name, message, code } = error as { name?: string; message?: string; code?: string }
  return { name, message: message?.replace(/:\d+\b/g, ''), code }
}
