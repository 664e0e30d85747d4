import { openKitTracer } from '@hoptrace/testkit'
import { describe, expect, it } from 'vitest'
import { runMessage, traceKafka } from './index.js'
import type { Batch, Consumer, Producer, RunConfig, Subscription, TopicMessages } from './types.js'

/** A client that keeps what it is given, in place of a broker. */
class FakeKafka {
  readonly sent: unknown[] = []
  config: RunConfig | undefined

  producer(): Producer {
    return {
      send: async (record: TopicMessages) => this.sent.push(record),
      sendBatch: async (batch: Batch) => this.sent.push(batch),
    }
  }

  consumer(_: { groupId: string }): Consumer {
    return {
      subscribe: async (_subscription: Subscription) => undefined,
      run: async (config) => {
        this.config = config
      },
    }
  }
}

const message = (offset: string): { offset: string; headers: Record<string, never> } => ({
  offset,
  headers: {},
})

describe('a producer', () => {
  it('keeps the headers and the record of the application', async () => {
    await using kit = await openKitTracer()
    const kafka = new FakeKafka()
    const producer = traceKafka(kafka, kit.tracer).producer()
    const record = { topic: 'orders', messages: [{ key: 'k', value: 'v', headers: { own: '1' } }], acks: 1 }
    const before = structuredClone(record)
    await producer.send(record)
    expect(kafka.sent[0]).toBe(record)
    await kit.tracer.run({ name: 'job' }, () => producer.send(record))
    expect(record).toEqual(before)
    expect(kafka.sent[1]).toMatchObject(before)
    const { next } = await kit.eventually(({ state }) => state === 'closed')
    expect(next).toMatchObject([{ target: 'kafka://orders', outcome: 'SENT' }])
  })

  it('names what a broker answers', async () => {
    await using kit = await openKitTracer()
    const error = Object.assign(new Error('no'), { type: 'TOPIC_AUTHORIZATION_FAILED', code: 29 })
    const refusing = { producer: () => ({ send: () => Promise.reject(error) }), consumer: () => ({}) }
    const producer = traceKafka(refusing, kit.tracer).producer() as unknown as Producer
    const sending = kit.tracer.run({ name: 'job' }, () => producer.send({ topic: 'orders', messages: [{}] }))
    await expect(sending).rejects.toBe(error)
    const { next } = await kit.eventually(({ state }) => state === 'closed')
    expect(next[0]?.outcome).toBe('TOPIC_AUTHORIZATION_FAILED')
  })
})

describe('a batch', () => {
  const run = async (
    config: RunConfig,
    handler: (resolve: (offset: string) => void) => Promise<void>,
  ): Promise<(readonly [string, string | undefined])[]> => {
    await using kit = await openKitTracer()
    const kafka = new FakeKafka()
    const consumer = traceKafka(kafka, kit.tracer).consumer({ groupId: 'g' })
    const messages = ['9', '10', '11'].map(message)
    await consumer.run({
      ...config,
      eachBatch: ({ resolveOffset }) => handler((offset) => void resolveOffset(offset)),
    })
    const batch = { topic: 'orders', partition: 0, messages }
    await kafka.config?.eachBatch?.({ batch, resolveOffset: () => undefined })?.catch(() => undefined)
    await kit.eventually(({ attributes }) => attributes['kafka.offset'] === '11')
    return (await kit.records())
      .map(({ attributes, state, error }) => [`${attributes['kafka.offset']} ${state}`, error?.name] as const)
      .sort(([a], [b]) => parseInt(a) - parseInt(b))
  }

  it('that is handled has handled all of its messages', async () => {
    expect(await run({}, async () => undefined)).toEqual([
      ['9 closed', undefined],
      ['10 closed', undefined],
      ['11 closed', undefined],
    ])
  })

  it('that throws has handled what was resolved', async () => {
    const thrown = run({}, async (resolve) => {
      resolve('10')
      throw new RangeError('down')
    })
    expect(await thrown).toEqual([
      ['9 closed', undefined],
      ['10 closed', undefined],
      ['11 closed', 'RangeError'],
    ])
  })

  it('that resolves by hand has not handled the rest', async () => {
    expect(await run({ eachBatchAutoResolve: false }, async (resolve) => resolve('9'))).toEqual([
      ['9 closed', undefined],
      ['10 closed', 'MessageNotResolved'],
      ['11 closed', 'MessageNotResolved'],
    ])
  })

  it('runs what has no hop as it is', async () => {
    expect(await runMessage(message('1'), async () => 'done')).toBe('done')
  })
})
