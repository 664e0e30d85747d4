import { isoNanosOf } from './moment.fixture.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatRangeLine } from './format-range.js'
import { formatClock, formatNanos } from '@hoptrace/ui/model'
import { parseDuration, parseDurationWithin, parseMoment } from './moment.js'
import { UsageError } from './usage-error.js'

const now = Date.parse('2026-11-22T15:00:00.500Z')

describe('a moment', () => {
  it.each([
    ['now', '2026-11-22T15:00:00.500Z'],
    ['10m', '2026-11-22T14:50:00.500Z'],
    ['10m ago', '2026-11-22T14:50:00.500Z'],
    ['1h30m', '2026-11-22T13:30:00.500Z'],
    ['1w', '2026-11-15T15:00:00.500Z'],
    ['today', '2026-11-22T00:00:00.000Z'],
    ['yesterday', '2026-11-21T00:00:00.000Z'],
    ['14:00', '2026-11-22T14:00:00.000Z'],
    ['14:00Z', '2026-11-22T14:00:00.000Z'],
    ['15:01', '2026-11-21T15:01:00.000Z'],
    ['14:00:01.250', '2026-11-22T14:00:01.250Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T15:00', '2026-11-20T15:00:00.000Z'],
    ['2026-11-20 15:00:01', '2026-11-20T15:00:01.000Z'],
    ['2026-11-20T15:00:00+09:00', '2026-11-20T06:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['1795359600', '2026-11-22T15:00:00.000Z'],
    ['1795359600.25', '2026-11-22T15:00:00.250Z'],
    ['1795359600250', '2026-11-22T15:00:00.250Z'],
    ['1795359600250000', '2026-11-22T15:00:00.250Z'],
    ['1795359600250000000', '2026-11-22T15:00:00.250Z'],
  ])('is %s: %s', (text, iso) => {
    expect(isoNanosOf(parseMoment(text, now))).toBe(iso)
  })

  it.each([
    '',
    'tomorrow',
    '10',
    '5 parsecs',
    '1h30',
    '2026-99-99',
    '2026-02-31',
    '2025-02-29',
    '2026-11-25junk',
    '2026-11-25T',
    '2026-11-25T25:00',
    '2026-11-25T15:00:60',
    '2026-11-25T15:00Zjunk',
    '24:00',
    '11/25/2026',
    '20261125',
  ])('is not %j', (text) => {
    expect(() => parseMoment(text, now)).toThrow(UsageError)
  })

  it('is taken back as it was printed, whatever the zone of this process', () => {
    const printed = fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n })
    fc.assert(
      fc.property(printed, (nanos) => {
        const iso = formatNanos(nanos)
        expect(parseMoment(iso, now)).toBe(nanos)
        const line = formatRangeLine({ ...hop, startTime: iso })
        expect(parseMoment(line.split('  ')[0] ?? '', now)).toBe(nanos - (nanos % 1000n))
        const clock = formatClock(iso)
        expect(parseMoment(clock, Number(nanos / 1_000_000n) + 1)).toBe(nanos - (nanos % 1_000_000n))
      }),
    )
  })
})

const hop = {
  hopId: 'x',
  instance: '127.0.0.1:4000',
  state: 'closed',
  status: 200,
  durationMicros: 1,
  method: null,
  route: null,
  keys: {},
  error: null,
} as unknown as Parameters<typeof formatRangeLine>[0]

describe('a duration', () => {
  it('has one unit or several', () => {
    expect(['250ms', '1.5s', '2h', '7d', '1w', '1h30m', '1m500ms'].map(parseDuration)).toEqual([
      250, 1500, 7_200_000, 604_800_000, 604_800_000, 5_400_000, 60_500,
    ])
    for (const text of ['10', '', 'h', '1h30', '-1h']) expect(() => parseDuration(text)).toThrow(UsageError)
    expect(() => parseDurationWithin('0s', '1ms', '24d')).toThrow('is not from 1ms to 24d')
  })
})
