import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipv4OfHost } from '../../id/ip.js'
import { clusterKeys, newClusterKey } from '../../key/index.js'
import type { InstanceRow } from '../../record/instance-row.js'
import { rowFromJson, rowToJson } from './check-row.js'
import { keys, ours, row } from './registry.fixture.js'
import { readRow, writeRow } from './signed-row.js'

/** The row as JSON with some fields replaced by what a hostile writer put there. */
function forged(fields: Record<string, unknown>): string {
  return JSON.stringify({ ...(JSON.parse(rowToJson(row)) as object), ...fields })
}

describe('a row of an instance', () => {
  it('is read back', () => {
    expect(rowFromJson(rowToJson(row))).toEqual(row)
    const bare = { ...row, endpoint: null, aliases: [], dropped: [], stores: [] }
    expect(rowFromJson(rowToJson(bare))).toEqual(bare)
  })

  it.each([
    ['a service that is no name', { service: '../etc' }],
    ['an address that is none', { address: 'evil.example:80' }],
    ['an alias with a path', { aliases: ['127.0.0.1:4002/x'] }],
    ['too many aliases', { aliases: Array.from({ length: 1025 }, () => '127.0.0.1:1') }],
    ['an endpoint elsewhere', { endpoint: 'http://169.254.169.254/latest' }],
    ['an endpoint on another port', { endpoint: 'http://127.0.0.1:4003/_hoptrace/v1' }],
    ['an endpoint of another scheme', { endpoint: 'file:///etc/passwd' }],
    ['an endpoint with a password', { endpoint: 'http://a:b@127.0.0.1:4002/' }],
    ['an endpoint that only looks like its own', { endpoint: 'http://127.0.0.1:4002@evil.example:80/' }],
    ['a store that is none', { stores: ['level:'] }],
    ['no buckets', { buckets: 0 }],
    ['a window of no width', { windowMillis: 0 }],
    ['a time that is no number', { startNanos: '1e9' }],
    ['a time beyond 64 bits', { shippedThroughNanos: '99999999999999999999' }],
    ['a dropped range that is none', { dropped: [{ fromNanos: '1' }] }],
    ['an unknown state', { state: 'asleep' }],
    ['a text that is too long', { boot: 'x'.repeat(70) }],
    ['a log elsewhere', { logDir: '/etc' }],
    ['a log above', { logDir: 'logs/../etc' }],
    ['a log above, too', { logDir: 'logs/payments/..' }],
    ['a store above', { stores: ['level:stores/../../etc'] }],
    ['a worker that is none', { worker: 256 }],
    [
      'counts of bytes in another order',
      {
        bytes: [
          [2, 1],
          [1, 1],
        ],
      },
    ],
    ['counts of bytes that are none', { bytes: [[1, -1]] }],
    ['counts of bytes with more in a pair', { bytes: [[1, 1, 1]] }],
    ['too many counts of bytes', { bytes: Array.from({ length: 33 }, (_, time) => [time, 1]) }],
    ['a deletion at no time', { deletedBeforeNanos: 5 }],
  ])('is refused with %s', (_, fields) => {
    expect(rowFromJson(forged({}))).toEqual(row)
    expect(rowFromJson(forged(fields))).toBeUndefined()
  })

  it('is at its own address even if that represents an IPv6 address', () => {
    const at = (address: string, endpoint: string) =>
      rowFromJson(rowToJson({ ...row, address, aliases: [], endpoint }))
    const ipv4 = ipv4OfHost('2001:db8::1')
    expect(at(`${ipv4}:4001`, 'http://[2001:db8::1]:4001/_hoptrace/v1')?.address).toBe(`${ipv4}:4001`)
    expect(at('127.0.0.1:4001', 'http://[::1]:4001/_hoptrace/v1')?.address).toBe('127.0.0.1:4001')
    expect(at(`${ipv4}:4001`, 'http://[2001:db8::2]:4001/_hoptrace/v1')).toBeUndefined()
    expect(at(`${ipv4}:4001`, 'http://[2001:db8::1]:4002/_hoptrace/v1')).toBeUndefined()
    expect(at('127.0.0.1:4001', 'http://localhost:4001/_hoptrace/v1')).toBeUndefined()
  })

  it('keeps dropped ranges within bounds by joining them, and loses none', () => {
    const dropped = Array.from({ length: 1000 }, (_, i) => ({
      fromNanos: BigInt(i) * 100n + BigInt(i % 3),
      toNanos: BigInt(i) * 100n + 50n,
      count: 2,
    }))
    const read = rowFromJson(rowToJson({ ...row, dropped: dropped.toReversed() }))?.dropped ?? []
    expect(read.length).toBeLessThanOrEqual(256)
    expect(read.reduce((sum, { count }) => sum + count, 0)).toBe(2000)
    for (const range of dropped) {
      expect(
        read.some(({ fromNanos, toNanos }) => fromNanos <= range.fromNanos && toNanos >= range.toNanos),
      ).toBe(true)
    }
  })

  const port = fc.integer({ min: 1, max: 65_535 })
  const ipPort = fc.tuple(fc.ipV4(), port).map(([ip, number]) => `${ip}:${number}`)
  const place = fc.oneof(
    ipPort,
    fc.tuple(fc.domain(), port).map(([name, number]) => `${name}:${number}`),
  )
  const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  const millis = fc.integer({ min: 0, max: 2 ** 53 - 1 })
  const level = fc
    .array(
      fc.stringMatching(/^[^/\\\0]{1,60}$/u).filter((part) => part !== '.' && part !== '..'),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
    .map((parts) => `level:/${parts.join('/')}`)
  const anyRow: fc.Arbitrary<InstanceRow> = fc
    .record({
      service: fc.stringMatching(/^[a-z0-9_-]{1,64}$/),
      address: ipPort,
      aliases: fc.array(place, { maxLength: 1500, size: 'max' }),
      reached: fc.array(place, { maxLength: 200 }),
      loggedThrough: fc.tuple(millis, millis),
      worker: fc.integer({ min: 0, max: 255 }),
      startNanos: nanos,
      host: fc.string({ maxLength: 64 }),
      boot: fc.uuid(),
      pid: fc.nat(),
      isListening: fc.boolean(),
      stores: fc.array(fc.oneof(level, fc.constant('hbase://a:2181,b:2181/t')), { maxLength: 40 }),
      buckets: fc.integer({ min: 1, max: 128 }),
      windowMillis: fc.integer({ min: 100, max: 3_600_000 }),
      logDir: fc.stringMatching(/^logs\/[a-z0-9_-]{1,64}\/\d{1,20}-\d{1,7}-[0-9a-f]{6}$/),
      heartbeatMillis: millis,
      shippedThroughNanos: nanos,
      dropped: fc.array(fc.record({ fromNanos: nanos, toNanos: nanos, count: fc.nat() }), { maxLength: 600 }),
      state: fc.constantFrom('running', 'stopped', 'dead'),
    })
    .map(({ isListening, ...fields }) => ({
      ...fields,
      endpoint: isListening ? `http://${fields.address}/_hoptrace/v1` : null,
    }))

  it('is taken by the reader, whatever the writer writes', () => {
    fc.assert(
      fc.property(anyRow, (written) => {
        const read = readRow(writeRow(written, ours), ours)
        expect(read).toMatchObject({
          row: {
            service: written.service,
            address: written.address,
            aliases: written.aliases.slice(0, 1024),
            reached: written.reached.slice(-64),
            stores: written.stores.slice(-16),
            endpoint: written.endpoint,
            startNanos: written.startNanos,
          },
        })
      }),
      { numRuns: 50 },
    )
  })

  it('keeps the address that its endpoint is at, among more than it may have', () => {
    const aliases = Array.from({ length: 3000 }, (_, i) => `10.1.${i >> 8}.${i & 255}:4002`)
    const many = { ...row, aliases, endpoint: `http://${aliases[2999]}/_hoptrace/v1` }
    const read = readRow(writeRow(many, ours), ours)
    expect(read).toMatchObject({ row: { endpoint: many.endpoint } })
  })

  it('is not believed when one bit of it is another, in any place', () => {
    const text = Buffer.from(writeRow(row, ours))
    for (let bit = 0; bit < text.length * 8; bit++) {
      const damaged = Buffer.from(text)
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(readRow(damaged.toString('utf8'), ours)).toHaveProperty('why')
    }
    for (let length = 0; length < text.length; length++) {
      expect(readRow(text.toString('utf8', 0, length), ours)).toHaveProperty('why')
    }
  })

  it('says why it is not believed', () => {
    const text = writeRow(row, ours)
    const others = clusterKeys(newClusterKey(), true)
    const why = (from: string, by = ours): string | undefined => {
      const read = readRow(from, by)
      return 'why' in read ? read.why : undefined
    }
    expect(why(text, () => others)).toBe(`is registered under another key (${keys.fingerprint})`)
    expect(readRow(text, () => undefined)).toHaveProperty('why', expect.stringContaining('set HOPTRACE_KEY'))
    expect(why('')).toBe('is empty')
    expect(why(rowToJson(row))).toBe('is damaged')
    expect(why(text.replace('"v":1', '"v":2'))).toBe('is of a newer version (2)')
    expect(why(text.replace('payments', 'paymentz'))).toBe('is damaged or forged')
    expect(why('x'.repeat(2_000_000))).toContain('has more than')
    expect(() => writeRow(row, () => undefined)).toThrow('HOPTRACE_KEY')
  })
})
