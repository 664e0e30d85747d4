import parse from 'parse-prometheus-text-format'
import { describe, expect, it } from 'vitest'
import type { OwnRecords } from './own-records.js'
import { metricsText } from './metrics-route.js'
import { testRow } from '../../resolve/test-trace.fixture.js'

const counters = {
  appended: 7,
  shipped: 6,
  shed: 5,
  dropped: 4,
  errors: 3,
  bytes: 2,
  lagMillis: 1500,
  unshippedRuns: 1,
}
const own = { row: () => testRow('orders', 4001), counters: () => counters } as unknown as OwnRecords

describe('metrics', () => {
  it('are read by a parser of Prometheus: every counter that the docs name, with its labels', () => {
    const labels = { service: 'orders', instance: '127.0.0.1:4001', worker: '0' }
    const gauge = (name: string, value: number) => ({
      name: `hoptrace_${name}`,
      type: 'GAUGE',
      help: expect.stringMatching(/\.$/) as string,
      metrics: [{ value: String(value), labels }],
    })
    const counter = (name: string, value: number) => ({
      name: `hoptrace_${name}_total`,
      type: 'COUNTER',
      help: expect.stringMatching(/\.$/) as string,
      metrics: [{ value: String(value), labels }],
    })
    expect(parse(metricsText(own))).toEqual([
      counter('appended', 7),
      counter('shipped', 6),
      counter('shed', 5),
      counter('dropped', 4),
      counter('errors', 3),
      counter('bytes', 2),
      gauge('ship_lag_milliseconds', 1500),
      gauge('unshipped_runs', 1),
    ])
  })
})
