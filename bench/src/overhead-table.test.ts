import { describe, expect, it } from 'vitest'
import type { Variant } from './overhead-options.js'
import { overheadTable, type OverheadSample } from './overhead-table.js'

const sample = (variant: Variant, round: number, figures: readonly [number, number, number, number]) => {
  const [requestsPerSecond, cpuMicros, rest, peak] = figures
  const of = { node: '24.1.0', framework: 'koa', work: 'leaf', loadAverage: 0 } as const
  return {
    ...of,
    variant,
    round,
    requestsPerSecond,
    cpuMicros,
    restBytes: rest * 1e6,
    peakBytes: peak * 1e6,
  } satisfies OverheadSample
}

const cells = (text: string): string[][] =>
  text.split('\n').map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )

describe('the table of the overhead bench', () => {
  it('compares each round with bare of the same round, and has medians of that', () => {
    const rows = cells(
      overheadTable([
        sample('bare', 1, [1000, 10, 50, 80]),
        sample('hoptrace', 1, [900, 12, 60, 100]),
        sample('otel', 1, [500, 30, 70, 90]),
        // A slow round, in which the order is another one.
        sample('otel', 2, [50, 320, 71, 91]),
        sample('hoptrace', 2, [80, 104, 60, 101]),
        sample('bare', 2, [100, 100, 50, 81]),
        sample('bare', 3, [1000, 10, 50, 79]),
        sample('hoptrace', 3, [700, 13, 61, 90]),
        sample('otel', 3, [500, 40, 70, 70]),
      ]),
    )
    expect(rows.slice(2)).toEqual([
      ['**Node 24.1.0**', '', '', '', '', '', ''],
      ['koa, leaf', 'bare', '1000 req/s', '10.0 µs', '', '50', '80'],
      ['koa, leaf', 'hoptrace', '0.80', '+3.0 µs', '0.10', '+10', '+20'],
      ['koa, leaf', 'OpenTelemetry', '0.50', '+30.0 µs', '1.00', '+20', '+10'],
    ])
  })

  it('has a group of rows for each version of Node, each framework and each work', () => {
    const bare = sample('bare', 1, [1000, 10, 50, 80])
    const rows = cells(
      overheadTable([
        bare,
        { ...bare, work: 'order' },
        { ...bare, node: '26.0.0' },
        { ...bare, variant: 'again', node: '26.0.0', cpuMicros: 9.6 },
      ]),
    )
    expect(rows.slice(2).map(([group, variant]) => `${group} ${variant}`)).toEqual([
      '**Node 24.1.0** ',
      'koa, leaf bare',
      'koa, order bare',
      '**Node 26.0.0** ',
      'koa, leaf bare',
      'koa, leaf bare, again',
    ])
    expect(rows.at(-1)?.slice(3, 5)).toEqual(['−0.4 µs', ''])
  })
})
