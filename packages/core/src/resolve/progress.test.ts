import { get } from 'node:http'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Chain } from './chain.fixture.js'
import type { HopRecord } from '../record/record.js'
import { baseNanos } from './test-trace.fixture.js'

const event = (name: string, offsetMicros: number): HopRecord['events'][number] => ({
  name,
  offsetMicros,
  attributes: {},
})

/** The gateway waits for orders, which charges; the clock of orders is a minute ahead. */
async function orderChain(): Promise<Chain> {
  const chain = await Chain.of(['gateway', 'orders'])
  const open = { state: 'open', status: null, durationMicros: null } as const
  const waiting = { outcome: null, durationMicros: null, offsetMicros: 500 }
  chain
    .instance(0)
    .records.push(
      chain.record(0, { ...open, keys: { orderId: '42' }, events: [event('received', 100)] }, waiting),
    )
  const skewed = { startNanos: baseNanos - 60_000_000_000n }
  chain
    .instance(1)
    .records.push(
      chain.record(1, { ...open, ...skewed, events: [event('accepted', 10), event('charged', 900)] }),
    )
  return chain
}

function close(chain: Chain): void {
  chain.instance(0).records[0] = chain.record(
    0,
    { durationMicros: 9000, events: [event('received', 100), event('answered', 8000)] },
    { offsetMicros: 500, durationMicros: 5000 },
  )
  chain.instance(1).records[0] = chain.record(1, {
    startNanos: baseNanos - 60_000_000_000n,
    durationMicros: 4000,
    events: [event('accepted', 10), event('charged', 900), event('sent', 3000)],
  })
}

describe('progress', () => {
  it('is one timeline in which no effect is before its cause, and what runs now', async () => {
    await using chain = await orderChain()
    const resolver = chain.resolver()
    const progress = await resolver.progress(chain.traceId)
    expect(progress.events.map(({ name }) => name)).toEqual(['received', 'accepted', 'charged'])
    expect(progress).toMatchObject({
      verdict: 'running',
      keys: { orderId: '42' },
      lastEvent: { name: 'charged', service: 'orders' },
    })
    expect(progress.running.map(({ service, waitsFor }) => [service, waitsFor.length])).toEqual([
      ['gateway', 1],
      ['orders', 0],
    ])
    expect(progress.endedAt?.service).toBe('orders')
    close(chain)
    const done = await resolver.progress('orderId=42')
    expect(done).toMatchObject({ verdict: 'not-found' })
    const after = await resolver.progress(chain.traceId)
    expect(after.verdict).toBe('completed')
    expect(after.events.map(({ name }) => name)).toEqual([
      'received',
      'accepted',
      'charged',
      'sent',
      'answered',
    ])
  })

  it('can be followed until the flow has ended', async () => {
    await using chain = await orderChain()
    const told: string[] = []
    for await (const step of chain.resolver().follow(chain.traceId, { intervalMillis: 20 })) {
      told.push(step.kind === 'event' ? step.event.name : `${step.kind} ${step.progress.verdict}`)
      if (step.kind === 'state') close(chain)
    }
    expect(told).toEqual([
      'received',
      'accepted',
      'charged',
      'state running',
      'sent',
      'answered',
      'end completed',
    ])
  })

  it('can be followed over the live endpoint, and taken up again where it broke off', async () => {
    await using chain = await orderChain()
    const at = {
      socketPath: path.join(chain.instance(0).row().logDir, 'ask.sock'),
      path: `/_hoptrace/v1/progress/${chain.traceId}`,
    }
    const read = (headers: Record<string, string>, until: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let text = ''
        const req = get({ ...at, headers: { accept: 'text/event-stream', ...headers } }, (res) => {
          res.setEncoding('utf8')
          res.on('data', (piece: string) => {
            text += piece
            if (!text.includes(until)) return
            req.destroy()
            resolve(text)
          })
          res.on('error', () => undefined)
        })
        req.on('error', reject)
      })
    const first = await read({}, 'event: state')
    const names = (text: string): (string | undefined)[] =>
      [...text.matchAll(/^event: event\n.*\ndata: .*"name":"(\w+)"/gm)].map((match) => match[1])
    expect(names(first)).toEqual(['received', 'accepted', 'charged'])
    const lastId = [...first.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] as string
    close(chain)
    const second = await read({ 'last-event-id': lastId }, 'event: end')
    expect(names(second)).toEqual(['sent', 'answered'])
    expect(second).toContain('"verdict":"completed"')
  })
})
