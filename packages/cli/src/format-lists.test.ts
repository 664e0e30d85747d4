import type { InstanceRow } from '@hoptrace/core'
import { instanceView } from '@hoptrace/ui/model'
import { describe, expect, it } from 'vitest'
import type { ProgressView } from './answer.js'
import { GATEWAY, hop, INVENTORY } from './answer.fixture.js'
import { formatId, idView } from './format-id.js'
import { formatInstances } from './format-instances.js'
import { formatProgress, formatState } from './format-progress.js'
import { formatRangeLine } from './format-range.js'
import { formatTable } from './format-table.js'
import { createPaint } from './paint.js'

const NOW = Date.parse('2026-11-22T15:00:20Z')

describe('the progress of a request', () => {
  const inventory = { service: 'inventory', instance: '127.0.0.1:4003', hopId: INVENTORY }
  const gateway = { service: 'gateway', instance: '127.0.0.1:4000', hopId: GATEWAY }
  const picked = {
    ...inventory,
    name: 'stock.picked',
    time: '2026-11-22T15:00:00.160000000Z',
    attributes: { piece: 1 },
  }
  const progress: ProgressView = {
    traceId: GATEWAY,
    verdict: 'running',
    endedAt: inventory,
    lastHealthy: null,
    keys: { orderId: '42' },
    events: [
      { ...gateway, name: 'order.received', time: '2026-11-22T15:00:00.100000000Z', attributes: {} },
      picked,
    ],
    lastEvent: picked,
    running: [
      { ...gateway, since: '2026-11-22T15:00:00.100000000Z', waitsFor: ['inventory'] },
      { ...inventory, since: '2026-11-22T15:00:00.100000000Z', waitsFor: [] },
    ],
    evidence: [],
  }

  it('shows its keys, one timeline, and the hop that is working', () => {
    expect(formatProgress(progress, NOW)).toEqual([
      'orderId=42',
      '15:00:00.100Z  gateway     order.received',
      '15:00:00.160Z  inventory   stock.picked          piece=1',
      'now in  inventory (127.0.0.1:4003) for 19.9 s',
    ])
  })

  it('names the awaited service if no known hop is working', () => {
    const waiting = { ...progress, running: progress.running.slice(0, 1) }
    expect(formatState(waiting, NOW)).toEqual([
      'now in  gateway (127.0.0.1:4000) for 19.9 s, waits for inventory',
    ])
  })

  it('ends with the verdict and the last event', () => {
    const over = { ...progress, verdict: 'died' as const, running: [], lastHealthy: gateway }
    expect(formatState(over, NOW)).toEqual([
      'died in inventory (127.0.0.1:4003), last healthy: gateway (127.0.0.1:4000), last event: stock.picked',
    ])
  })
})

describe('one hop of a range', () => {
  it('takes one line', () => {
    const error = { name: 'ShelfError', message: 'no\nshelf', code: null }
    const line = formatRangeLine(
      hop(GATEWAY, 'gateway', 4000, { status: 500, error, keys: { orderId: '42' } }),
    )
    expect(line).toBe(
      `2026-11-22T15:00:00.123456Z  ${GATEWAY}  127.0.0.1:4000   500   8.12 ms   POST /gateway  orderId=42  ShelfError: no\\nshelf`,
    )
  })

  it('shows an open one as open', () => {
    expect(
      formatRangeLine(hop(GATEWAY, 'g', 1, { state: 'open', status: null, durationMicros: null })),
    ).toContain('open')
  })
})

describe('the instances', () => {
  const row: InstanceRow = {
    service: 'payments',
    address: '127.0.0.1:4002',
    aliases: [],
    worker: 0,
    startNanos: 1_795_359_600_000_000_000n,
    host: 'h',
    pid: 77,
    endpoint: null,
    stores: ['level:/data/payments'],
    buckets: 4,
    windowMillis: 1000,
    boot: '',
    logDir: '/data/logs',
    loggedThrough: [0, 0],
    reached: [],
    heartbeatMillis: NOW - 2000,
    shippedThroughNanos: 1_795_359_610_500_000_000n,
    dropped: [{ fromNanos: 1n, toNanos: 2n, count: 3 }],
    state: 'running',
  }

  it('are listed with their state, their heartbeat, and their losses', () => {
    const silent = { ...row, heartbeatMillis: NOW - 120_000, shippedThroughNanos: 0n, dropped: [] }
    const views = [row, silent, { ...row, state: 'dead' as const }].map((one) => instanceView(one, NOW))
    const lines = formatInstances(views, NOW)
    expect(lines[1]).toMatch(/^● {2}payments {2}127\.0\.0\.1:4002 {2}running {2}2\.00 s ago/)
    expect(lines[1]).toContain('(3 hops dropped)')
    expect(lines[2]).toMatch(/^○ .*silent.*nothing yet/)
    expect(lines[3]).toMatch(/^○ .*dead/)
    const ended = instanceView({ ...row, heartbeatMillis: NOW - 10_000 }, NOW)
    expect(formatInstances([ended], NOW)[1]).toMatch(/^○ .*silent/)
    const job = instanceView({ ...row, address: '241.1.2.3:4' }, NOW)
    expect(formatInstances([job], NOW).at(-1)).toBe(
      '241.1.2.3:4 is made up: it stands for a process that does not listen on a port',
    )
  })

  it('say which dead run could not be shipped, why, and when that is tried again', () => {
    const failed = { reason: 'its log is\nodd', tries: 3, againMillis: NOW + 20_000 }
    const view = instanceView(row, NOW, { failed })
    expect(view).toMatchObject({
      state: 'dead',
      alive: false,
      notShipped: { tries: 3, reason: failed.reason },
    })
    expect(formatInstances([view], NOW)[1]).toMatch(
      /^○ .*dead.*\(not shipped after 3 tries, again at \d\d:\d\d:\d\d: its log is\\nodd\)$/,
    )
    expect(instanceView(row, NOW, { failed: undefined }).notShipped).toBeNull()
  })
})

describe('an id', () => {
  it('is decoded', () => {
    const fields = {
      nanos: 1_795_359_600_123_456_789n,
      assigned: true,
      issuer: 9,
      counter: 2,
      ip: '0.0.0.0',
      port: 80,
    }
    expect(formatId(GATEWAY, fields, false).join('\n')).toMatch(/time\s+2026-11-2.*\.123456789Z/)
    expect(formatId(GATEWAY, fields, true).join('\n')).toContain('was sealed')
    expect(idView(GATEWAY, fields, false)).toMatchObject({
      instance: '0.0.0.0:80',
      assigned: true,
      issuer: 9,
    })
  })
})

describe('a table', () => {
  it('is as wide as its text, whatever the colours', () => {
    const paint = createPaint(true)
    const rows = [
      [{ text: 'a', paint: (text: string) => paint.bad(text) }, { text: 'b' }],
      [{ text: 'long' }, { text: '' }],
    ]
    expect(formatTable(rows)).toEqual([`${paint.bad('a   ')}  b`, 'long'])
  })
})
