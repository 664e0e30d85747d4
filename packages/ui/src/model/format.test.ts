import { nanosOfIso } from '@hoptrace/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { axisTicks, formatAgo, formatClock, formatDuration, formatNanos } from './format.js'

it('writes durations with three digits and a unit', () => {
  const written = [0, 271, 3420, 34_200, 342_000, 1_200_000, 20_120_000, 125_000_000, 7_500_000_000]
  expect(written.map(formatDuration)).toEqual([
    '0 µs',
    '271 µs',
    '3.42 ms',
    '34.2 ms',
    '342 ms',
    '1.20 s',
    '20.1 s',
    '2 min 5 s',
    '2 h 5 min',
  ])
  const rounded = [999.6, 99_949, 999_499, 999_999, 59_960_000]
  expect(rounded.map(formatDuration)).toEqual(['1.00 ms', '99.9 ms', '999 ms', '1.00 s', '1 min 0 s'])
  expect(formatDuration(null)).toBe('–')
  expect(formatDuration(-1500)).toBe('-1.50 ms')
})

it('writes how long ago something was', () => {
  expect([0, 42_000, 200_000].map((ago) => formatAgo(1_000_000 - ago, 1_000_000))).toEqual([
    'now',
    '42 s ago',
    '3 min ago',
  ])
})

it('writes a time of day in UTC, and keeps what is no time', () => {
  expect(formatClock('2026-11-22T15:00:00.123456789Z')).toBe('15:00:00.123Z')
  expect(formatClock('yesterday')).toBe('yesterday')
})

it('keeps the nanoseconds of a time', () => {
  const nanos = 1_795_359_600_123_456_789n
  expect(nanosOfIso(formatNanos(nanos))).toBe(nanos)
})

it('has at most the wanted number of steps on an axis, and one at its start', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1e12, noNaN: true }),
      fc.integer({ min: 2, max: 12 }),
      (span, most) => {
        const ticks = axisTicks(span, most)
        expect(ticks[0]).toBe(0)
        expect(ticks.length).toBeLessThanOrEqual(most + 1)
        expect(ticks.at(-1)).toBeLessThanOrEqual(span)
      },
    ),
  )
})
