import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runInThisContext } from 'node:vm'
import { createResolver, createTracer, type ResolveResult, type Tracer } from '@hoptrace/core'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import {
  closedPort,
  eventually,
  messageAdapterSuite,
  openKitTracer,
  type KitChannel,
} from '@hoptrace/testkit'
import type { Consumer, EachBatchPayload, Producer } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { runMessage, traceKafka } from './index.js'
import { kafkaAt, makeTopic } from './topics.fixture.js'

const timeout = 180_000

describeRealServer('kafka', 'kafkajs', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer('kafka')
  }, 900_000)
  afterAll(() => server.wipe())

  messageAdapterSuite({
    name: 'kafkajs',
    open: async ({ sender, consumer }): Promise<KitChannel> => {
      const plain = kafkaAt(server.url)
      const topic = await makeTopic(plain)
      const producer = traceKafka(kafkaAt(server.url), sender).producer()
      const raw = plain.producer()
      const opened: { disconnect(): Promise<void> }[] = [producer, raw]
      await Promise.all([producer.connect(), raw.connect()])
      return {
        destination: `kafka://${topic}`,
        send: (body) => producer.send({ topic, messages: [{ value: body }] }),
        sendAll: (bodies) =>
          producer.sendBatch({ topicMessages: [{ topic, messages: bodies.map((value) => ({ value })) }] }),
        sendRaw: (body, headers) => raw.send({ topic, messages: [{ value: body, headers: { ...headers } }] }),
        consume: async (handler) => {
          const group = traceKafka(kafkaAt(server.url), consumer).consumer({ groupId: topic })
          opened.unshift(group)
          await group.connect()
          await group.subscribe({ topic, fromBeginning: true })
          await group.run({ eachMessage: ({ message }) => handler(String(message.value)) })
        },
        close: async () => {
          for (const one of opened) await one.disconnect()
        },
      }
    },
    away: async (sender) => {
      const url = `kafka://127.0.0.1:${await closedPort()}`
      const producer = traceKafka(kafkaAt(url, { retries: 0 }), sender).producer()
      return {
        send: (body) => producer.send({ topic: 'away', messages: [{ value: body }] }),
        close: () => producer.disconnect(),
      }
    },
  })

  describe('messages of kafkajs', { timeout }, () => {
    let dataDir: string
    let orders: Tracer
    let notify: Tracer
    let topic: string
    let producer: Producer
    let opened: { disconnect(): Promise<void> }[] = []
    beforeEach(async () => {
      dataDir = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-kafkajs-'))
      orders = createTracer({ service: 'orders', dataDir })
      notify = createTracer({ service: 'notify', dataDir })
      topic = await makeTopic(kafkaAt(server.url))
      producer = traceKafka(kafkaAt(server.url), orders, { untracedTopics: ['audit'] }).producer({
        transactionalId: topic,
        maxInFlightRequests: 1,
        idempotent: true,
      })
      await producer.connect()
      opened = [producer]
    }, timeout)
    afterEach(async () => {
      for (const one of opened) await one.disconnect()
      await Promise.all([orders.close(), notify.close()])
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
    })

    const consume = async (tracer: Tracer, groupId: string, from = topic): Promise<Consumer> => {
      const consumer = traceKafka(kafkaAt(server.url), tracer).consumer({ groupId, sessionTimeout: 6000 })
      opened.unshift(consumer)
      await consumer.connect()
      await consumer.subscribe({ topics: [from], fromBeginning: true })
      return consumer
    }
    const placed = (fn: () => Promise<unknown>): Promise<string> =>
      orders.run({ name: 'place-order' }, async () => {
        await fn()
        return orders.hop?.id ?? ''
      })
    const send = (...bodies: string[]): Promise<unknown> =>
      producer.send({ topic, messages: bodies.map((value) => ({ value })) })
    const becomes = (id: string, verdict: string): Promise<ResolveResult> =>
      eventually(dataDir, id, (result) => result.verdict === verdict, 300_000)

    it('die with a killed consumer, and complete when the next one has taken them', async () => {
      const argument = JSON.stringify({ url: server.url, topic, dataDir })
      const child = fork(built(new URL('consumer.fixture.ts', import.meta.url)), [argument], { execArgv: [] })
      const id = await placed(() => send('a'))
      await once(child, 'message')
      await becomes(id, 'running')
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect(await becomes(id, 'died')).toMatchObject({ endedAt: { service: 'notify' } })
      const next = await consume(notify, 'notify')
      await next.run({ eachMessage: async () => undefined })
      const done = await becomes(id, 'completed')
      expect(done.hops).toMatchObject([
        { service: 'orders' },
        { service: 'notify', state: 'closed', route: `${topic} (notify)` },
        { service: 'notify', state: 'interrupted' },
      ])
    })

    it('go to each group, and are over when all groups are through', async () => {
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      const mails = await consume(notify, 'mails')
      await mails.run({ eachMessage: async () => undefined })
      const reports = await consume(notify, 'reports')
      await reports.run({ eachMessage: () => held })
      const id = await placed(() => send('a'))
      const waiting = async (): Promise<ResolveResult> => {
        for (;;) {
          const seen = await becomes(id, 'running')
          if (seen.hops.length === 3) return seen
          await sleep(50)
        }
      }
      expect((await waiting()).hops.map(({ state }) => state).sort()).toEqual(['closed', 'closed', 'open'])
      release()
      expect((await becomes(id, 'completed')).hops).toHaveLength(3)
    })

    it('of a batch end one by one, and each keeps its own trace', async () => {
      const ids = [
        await placed(() => send('a')),
        await placed(() => send('b')),
        await placed(() => send('c')),
      ]
      const consumer = await consume(notify, 'batch')
      let isDown = true
      let current: unknown = 'none'
      const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
        current = notify.hop
        for (const message of payload.batch.messages) {
          await runMessage(message, async () => {
            notify.hop?.event('handled', { body: String(message.value) })
            if (isDown && String(message.value) === 'b') throw new Error('the mail server is down')
          })
          payload.resolveOffset(message.offset)
        }
      }
      await consumer.run({ eachBatch })
      expect((await becomes(ids[0] as string, 'completed')).hops[1]?.events).toMatchObject([
        { name: 'handled', attributes: { body: 'a' } },
      ])
      expect((await becomes(ids[1] as string, 'failed')).evidence.join()).toContain('the mail server is down')
      isDown = false
      for (const id of ids) await becomes(id, 'completed')
      expect(current).toBeUndefined()
    })

    it('of a transaction are sent when it is committed', async () => {
      const id = await placed(async () => {
        const transaction = await producer.transaction()
        await transaction.send({ topic, messages: [{ value: 'a' }] })
        const resolver = createResolver({ dir: dataDir })
        const open = await resolver.resolve(orders.hop?.id ?? '')
        expect(open.hops[0]?.next).toMatchObject([{ target: `kafka://${topic}`, outcome: null }])
        await resolver.close()
        await transaction.commit()
      })
      expect((await becomes(id, 'running')).hops[0]?.next).toMatchObject([{ outcome: 'SENT' }])
      const aborted = await placed(async () => {
        const transaction = await producer.transaction()
        await transaction.send({ topic, messages: [{ value: 'b' }] })
        await transaction.abort()
      })
      expect((await becomes(aborted, 'completed')).hops[0]?.next).toMatchObject([{ outcome: 'ERR_CANCELED' }])
    })

    it('for consumers without a tracer are over when the broker has them', async () => {
      await makeTopic(kafkaAt(server.url), 'audit')
      const id = await placed(() => producer.send({ topic: 'audit', messages: [{ value: 'a' }] }))
      expect((await becomes(id, 'completed')).hops[0]?.next).toMatchObject([{ outcome: '202' }])
    })

    it('are refused as without a tracer when they are none', async () => {
      const bare = kafkaAt(server.url).producer()
      await bare.connect()
      opened.push(bare)
      for (const record of [undefined, {}, { topic }, { topic, messages: [undefined] }] as never[]) {
        const errorOf = (sender: Producer): Promise<string> =>
          sender.send(record).then(
            () => 'sent',
            (error: unknown) => String(error),
          )
        const seen = orders.run({ name: 'place-order' }, () => errorOf(producer))
        expect(await seen).toBe(await errorOf(bare))
      }
    })

    it('are traced by the example of the README', async () => {
      const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
      const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
      const body = example.replace(/^import .*\n/gm, '').replace(/^const brokers = .*\n/m, '')
      const run = runInThisContext(
        `(async (createTracer, traceKafka, Kafka, brokers, send) => {${body}; return [producer, consumer]})`,
      ) as (...given: unknown[]) => Promise<{ disconnect(): Promise<void> }[]>
      await makeTopic(kafkaAt(server.url), 'orders.placed')
      const tracers = { orders, notify }
      const given = ({ service }: { service: 'orders' | 'notify' }): Tracer => tracers[service]
      const sent: unknown[] = []
      const client = class {
        constructor() {
          return kafkaAt(server.url)
        }
      }
      const handle = async (value: unknown): Promise<number> => sent.push(String(value))
      opened.unshift(...(await run(given, traceKafka, client, [], handle)))
      expect((await becomes('orderId=42', 'completed')).hops).toMatchObject([
        { service: 'orders' },
        { service: 'notify' },
      ])
      expect(sent).toEqual(['{"order":42}'])
    })

    // The last one: its broker does not come back.
    it('that a killed broker does not take are unreachable', async () => {
      await using kit = await openKitTracer()
      const sender = traceKafka(
        kafkaAt(server.url, { retries: 1, initialRetryTime: 50 }),
        kit.tracer,
      ).producer()
      await sender.connect()
      await sender.send({ topic, messages: [{ value: 'a' }] })
      await server.kill9()
      const sending = kit.tracer.run({ name: 'place-order' }, () =>
        sender.send({ topic, messages: [{ value: 'b' }] }),
      )
      await expect(sending).rejects.toThrow()
      const { next } = await kit.eventually((record) => record.next[0]?.outcome !== null)
      expect(next[0]?.outcome).toMatch(/^(?:ECONNREFUSED|ECONNRESET|ERROR)$/)
      await server.restart()
      await sender.disconnect()
    })
  })
})
