import type { InstanceRow } from '@hoptrace/core'
import { describe, expect, it } from 'vitest'
import { diedAnswer, GATEWAY, hop, INVENTORY } from './answer.fixture.js'
import { formatId, idView } from './format-id.js'
import { formatInstances, instanceView } from './format-instances.js'
import { formatRunning, formatTimeline, timeline, entryKey } from './format-progress.js'
import { formatRangeLine } from './format-range.js'
import { formatTable } from './format-table.js'
import { createPaint } from './paint.js'

const NOW = Date.parse('2026-11-22T15:00:20Z')

describe('a timeline', () => {
  const event = (name: string, time: string) => ({ name, time, attributes: { piece: 1 } })
  const hops = [
    hop(GATEWAY, 'gateway', 4000, {
      state: 'open',
      status: null,
      durationMicros: null,
      events: [event('order.received', '2026-11-22T15:00:00.200000001Z')],
    }),
    hop(INVENTORY, 'inventory', 4003, {
      startTime: '2026-11-22T15:00:00.150000000Z',
      durationMicros: 50_000,
      events: [event('stock.picked', '2026-11-22T15:00:00.160000000Z')],
    }),
  ]

  it('puts the events of all hops in one order, to the nanosecond', () => {
    expect(formatTimeline(timeline({ hops }))).toEqual([
      '15:00:00.123  gateway     takes it',
      '15:00:00.150  inventory   takes it',
      '15:00:00.160  inventory   stock.picked    piece=1',
      '15:00:00.200  inventory   answers 200',
      '15:00:00.200  gateway     order.received  piece=1',
    ])
  })

  it('names each entry, so that following prints it once', () => {
    const keys = timeline({ hops }).map(entryKey)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('says who has it now', () => {
    expect(formatRunning(hops, NOW)).toEqual(['now in  gateway (127.0.0.1:4000) for 19.9 s'])
  })
})

describe('one hop of a range', () => {
  it('is one line', () => {
    const error = { name: 'ShelfError', message: 'no\nshelf', code: null }
    const line = formatRangeLine(
      hop(GATEWAY, 'gateway', 4000, { status: 500, error, keys: { orderId: '42' } }),
    )
    expect(line).toBe(
      `2026-11-22T15:00:00.123456  ${GATEWAY}  127.0.0.1:4000   500   8.12 ms   POST /gateway  orderId=42  ShelfError: no\\nshelf`,
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
    logDir: '/data/logs',
    heartbeatMillis: NOW - 2000,
    shippedThroughNanos: 1_795_359_610_500_000_000n,
    dropped: [{ fromNanos: 1n, toNanos: 2n, count: 3 }],
    state: 'running',
  }

  it('are a table that says who is alive, who is silent, and what was lost', () => {
    const silent = { ...row, heartbeatMillis: NOW - 120_000, shippedThroughNanos: 0n, dropped: [] }
    const views = [row, silent, { ...row, state: 'dead' as const }].map((one) => instanceView(one, NOW))
    const lines = formatInstances(views, NOW)
    expect(lines[1]).toMatch(/^● {2}payments {2}127\.0\.0\.1:4002 {2}running {2}2\.00 s ago/)
    expect(lines[1]).toContain('(3 hops dropped)')
    expect(lines[2]).toMatch(/^○ .*silent.*nothing yet/)
    expect(lines[3]).toMatch(/^○ .*dead/)
  })
})

describe('an id', () => {
  it('is taken apart', () => {
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

  it('of an answer without hops is empty', () => {
    expect(formatTimeline(timeline({ ...diedAnswer(), hops: [] }))).toEqual([])
  })
})
