import { type HopJson, type InstanceRow, type RangeQuery, type Resolver } from '@hoptrace/core'
import { describe, expect, it } from 'vitest'
import { formatServices } from './format-services.js'
import { ServiceWatch, type ServicesNow } from './service-watch.js'

const START = Date.parse('2026-11-22T15:00:00Z')
const { signal } = new AbortController()

const row = (service: string, more: Partial<InstanceRow> = {}): InstanceRow => ({
  service,
  address: '127.0.0.1:4000',
  aliases: [],
  reached: [],
  worker: 0,
  startNanos: BigInt(START) * 1_000_000n,
  host: 'here',
  boot: '',
  pid: 1,
  endpoint: null,
  stores: [],
  buckets: 1,
  windowMillis: 1000,
  logDir: 'logs',
  loggedThrough: [0, 0],
  heartbeatMillis: START,
  shippedThroughNanos: BigInt(START - 12_000) * 1_000_000n,
  dropped: [],
  state: 'running',
  ...more,
})

let made = 0
const hop = (millis: number, more: Partial<HopJson> = {}): HopJson =>
  ({
    hopId: `${(BigInt(millis) * 1_000_000n + BigInt(++made)).toString(16).padStart(16, '0')}00007f0000010fa0`,
    service: 'orders',
    status: 200,
    state: 'closed',
    durationMicros: 10_000,
    error: null,
    ...more,
  }) as HopJson

/** Services whose records the test holds, and which stretches of time were asked for. */
function stage(rows: InstanceRow[], hops: HopJson[], failing: ReadonlySet<string> = new Set()) {
  const asked: { service: string; from: number; to: number; read: number }[] = []
  const millisOf = ({ hopId }: HopJson): number => Number(BigInt(`0x${hopId.slice(0, 16)}`) / 1_000_000n)
  async function* range({ service, from, to, limit = Infinity }: RangeQuery): AsyncGenerator<HopJson> {
    const question = { service, from: Number(from), to: Number(to), read: 0 }
    asked.push(question)
    for (const one of hops) {
      if (one.service !== service || millisOf(one) < Number(from) || millisOf(one) >= Number(to)) continue
      if (question.read === limit) return
      question.read++
      yield one
    }
    if (failing.has(service)) throw new Error(`the store of ${service} is away`)
  }
  const resolver: Pick<Resolver, 'instances' | 'range'> = { instances: async () => rows, range }
  const watch = new ServiceWatch(resolver, 60_000, async () => new Map())
  return { watch, asked, hops, rows }
}

const of = ({ services }: ServicesNow, service: string): ServicesNow['services'][number] | undefined =>
  services.find((one) => one.service === service)

describe('the watch of services', () => {
  it('counts requests, errors, durations, lag and instances over its span', async () => {
    const { watch } = stage(
      [
        row('orders'),
        row('orders', {
          worker: 1,
          heartbeatMillis: START - 60_000,
          dropped: [{ fromNanos: 0n, toNanos: 1n, count: 3 }],
        }),
      ],
      [
        hop(START - 61_500),
        ...Array.from({ length: 97 }, (_, at) => hop(START - 59_000 + at * 500)),
        hop(START - 3000, { status: 503 }),
        hop(START - 2000, { state: 'interrupted', durationMicros: null }),
        hop(START - 1000, { durationMicros: 900_000 }),
        hop(START - 500, { state: 'open', status: null, durationMicros: null }),
      ],
    )
    const now = await watch.look(START, signal)
    expect(of(now, 'orders')).toMatchObject({
      live: 1,
      silent: 1,
      requests: 101,
      errors: 2,
      open: 1,
      lagMillis: 12_000,
      dropped: 3,
      unread: null,
    })
    const { requestsPerSecond, p50Micros, p99Micros } = of(now, 'orders') ?? {}
    expect(requestsPerSecond).toBeCloseTo(101 / 60, 5)
    expect(p50Micros).toBeCloseTo(10_000, -3)
    expect(Math.abs((p99Micros ?? 0) - 900_000)).toBeLessThan(9001)
  })

  it('reads only what may have changed, and each request once in the figures', async () => {
    const open = hop(START - 40_000, { state: 'open', status: null, durationMicros: null })
    const { watch, asked, hops } = stage([row('orders')], [hop(START - 50_000), open, hop(START - 1000)])
    expect(of(await watch.look(START, signal), 'orders')).toMatchObject({ requests: 3, open: 1 })
    asked.length = 0
    hops[1] = { ...open, state: 'closed', status: 500, durationMicros: 41_000_000 }
    hops.push(hop(START + 1500))
    expect(of(await watch.look(START + 2000, signal), 'orders')).toMatchObject({
      requests: 4,
      open: 0,
      errors: 1,
    })
    // The slot of the open hop, and the last seconds.
    expect(asked.map(({ from, to, read }) => [from - START, to - START, read])).toEqual([
      [-40_000, -39_000, 1],
      [-5000, 2001, 2],
    ])
    asked.length = 0
    await watch.look(START + 10_000, signal)
    expect(asked.map(({ from }) => from - START)).toEqual([-3000])
  })

  it('forgets what is older than its span', async () => {
    const { watch } = stage([row('orders')], [hop(START - 50_000)])
    expect(of(await watch.look(START, signal), 'orders')).toMatchObject({ requests: 1 })
    expect(of(await watch.look(START + 20_000, signal), 'orders')).toMatchObject({
      requests: 0,
      silent: 1,
      p50Micros: null,
    })
  })

  it('says on the line of a service that it could not be read, and reads it again', async () => {
    const failing = new Set(['orders'])
    const { watch, asked } = stage(
      [row('mails'), row('orders')],
      [hop(START - 50_000), hop(START - 40_000, { service: 'mails' })],
      failing,
    )
    const now = await watch.look(START, signal)
    expect(of(now, 'orders')).toMatchObject({ requests: 1, unread: 'the store of orders is away' })
    expect(of(now, 'mails')).toMatchObject({ requests: 1, unread: null })
    expect(formatServices(now).find((line) => line.startsWith('orders'))).toContain(
      'not all is read: the store of orders is away',
    )
    failing.clear()
    asked.length = 0
    expect(of(await watch.look(START + 1, signal), 'orders')).toMatchObject({ requests: 1, unread: null })
    expect(asked.find(({ service }) => service === 'orders')?.from).toBe(START - 60_000)
  })

  it('reads a bounded number of requests at a time, and says so', async () => {
    const many = Array.from({ length: 20_005 }, (_, at) => hop(START - 50_000 + at))
    const { watch } = stage([row('orders')], many)
    const first = of(await watch.look(START, signal), 'orders')
    expect(first).toMatchObject({ requests: 20_000, unread: 'only 20000 requests are read at a time' })
    expect(of(await watch.look(START + 1, signal), 'orders')).toMatchObject({
      requests: 20_005,
      unread: null,
    })
  })

  it('leaves out a service that ended and did nothing', async () => {
    const { watch } = stage([row('orders', { state: 'stopped' }), row('mails')], [])
    expect((await watch.look(START, signal)).services.map(({ service }) => service)).toEqual(['mails'])
  })

  it('ends when it shall', async () => {
    const { watch } = stage([row('orders')], [hop(START - 1000)], new Set(['orders']))
    await expect(watch.look(START, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})

it('prints a table without control characters of a record', async () => {
  const { watch } = stage([row('orders')], [hop(START - 1000, { status: 500 })], new Set(['orders']))
  const now = await watch.look(START, signal)
  const evil = { ...now, services: now.services.map((one) => ({ ...one, unread: '\u001b[2Jx\n' })) }
  expect(formatServices(evil).join('\n')).toMatchInlineSnapshot(`
    "15:00:00Z  1 service, requests since 14:59:00Z
    service  live  req/s  errors    open  p50      p99      lag
    orders   1     0.02   1 (100%)  0     10.0 ms  10.0 ms  12.0 s  not all is read: \\u001b[2Jx\\n"
  `)
})
