import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decode,
  encode,
  encodeDelimited,
  enumOf,
  isSent,
  many,
  message,
  one,
  scalar,
  scalars,
} from './message.js'

const Inner = message('Inner', { name: scalar(1, 'string'), numbers: scalars(3, 'uint32') })
const Outer = message('Outer', {
  bytes: scalar(1, 'bytes'),
  flag: scalar(2, 'bool'),
  small: scalar(3, 'int32'),
  large: scalar(4, 'uint64'),
  signed: scalar(16, 'int64'),
  kind: enumOf<0 | 1 | 2>(5),
  inner: one(6, Inner),
  inners: many(7, Inner),
  parts: scalars(2000, 'bytes'),
})

const bytes = fc.uint8Array({ maxLength: 40 })
const inner = fc.record(
  { name: fc.string(), numbers: fc.array(fc.nat(2 ** 32 - 1), { maxLength: 5, minLength: 1 }) },
  { requiredKeys: [] },
)
const outer = fc.record(
  {
    bytes,
    flag: fc.boolean(),
    small: fc.integer(),
    large: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    signed: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    kind: fc.constantFrom(0 as const, 1 as const, 2 as const),
    inner,
    inners: fc.array(inner, { minLength: 1, maxLength: 3 }),
    parts: fc.array(bytes, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
)

describe('a message', () => {
  it('returns the fields that were set, and the empty value of the others', () => {
    fc.assert(
      fc.property(outer, (given) => {
        const read = decode(Outer, encode(Outer, given))
        expect({ ...read }).toEqual(given)
        for (const name of ['flag', 'inner', 'parts'] as const) expect(isSent(read, name)).toBe(name in given)
        if (!('large' in given)) expect(read.large).toBe(0n)
        if (!('inners' in given)) expect(read.inners).toEqual([])
        if (!('inner' in given)) expect(read.inner).toBeUndefined()
      }),
    )
  })

  it('is read without its unknown fields', () => {
    const Part = message('Part', { small: scalar(3, 'int32') })
    fc.assert(
      fc.property(outer, (given) => {
        expect(decode(Part, encode(Outer, given)).small).toBe(given.small ?? 0)
      }),
    )
  })

  it('accepts repeated numbers packed and one by one', () => {
    const packed = Buffer.from([0x1a, 3, 1, 2, 3])
    const single = Buffer.from([0x18, 1, 0x18, 2, 0x18, 3])
    expect(decode(Inner, packed).numbers).toEqual([1, 2, 3])
    expect(decode(Inner, single).numbers).toEqual([1, 2, 3])
  })

  it('throws for truncated bytes, and always returns a message or an error', () => {
    fc.assert(
      fc.property(outer, fc.nat(), (given, cut) => {
        const whole = encode(Outer, given)
        const part = whole.subarray(0, cut % (whole.length + 1))
        try {
          const read = decode(Outer, part)
          expect(encode(Outer, { ...read }).length).toBeLessThanOrEqual(part.length + 8)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
    expect(() => decode(Inner, Buffer.from([0x0a, 9, 0x61]))).toThrow(RangeError)
    expect(() => decode(Inner, Buffer.from([0x08, 1]))).toThrow(/wire type/)
  })

  it('is written with its length before it', () => {
    const whole = encode(Inner, { name: 'x' })
    expect([...encodeDelimited(Inner, { name: 'x' })]).toEqual([whole.length, ...whole])
  })
})
