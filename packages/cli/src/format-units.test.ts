import { nanosOfIso } from '@hoptrace/core'
import { describe, expect, it } from 'vitest'
import { formatBytes, formatClock, formatDuration, formatNanos } from './format-units.js'

describe('units', () => {
  it('have three digits at most', () => {
    expect(
      [0, 870, 1234, 99_949, 999_499, 999_999, 2_350_000, 250_000_000, 7_260_000_000].map(formatDuration),
    ).toEqual([
      '0 µs',
      '870 µs',
      '1.23 ms',
      '99.9 ms',
      '999 ms',
      '1.00 s',
      '2.35 s',
      '4 min 10 s',
      '2 h 1 min',
    ])
    expect([0, 999, 1811, 3_200_000].map(formatBytes)).toEqual(['0 B', '999 B', '1.81 kB', '3.20 MB'])
  })

  it('keep the nanoseconds of a time', () => {
    const nanos = 1_795_359_600_123_456_789n
    expect(nanosOfIso(formatNanos(nanos))).toBe(nanos)
    expect(formatClock(formatNanos(nanos))).toMatch(/^\d\d:\d\d:\d\d\.123Z$/)
    expect(nanosOfIso('yesterday')).toBeUndefined()
  })
})
