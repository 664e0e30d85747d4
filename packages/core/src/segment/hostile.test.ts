import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HoptraceError } from '../base/errors.js'
import { recordArbitrary, someInstance } from '../record/record.arbitrary.js'
import type { HopRecord } from '../record/record.js'
import { ByteWriter } from './bytes.js'
import { decodeSegment, findInSegment } from './decode.js'
import { encodeSegment } from './encode.js'
import { openHead, readSegmentHead, seal } from './head.js'
import { maxUnpackedBytes } from './layout.js'

const meta = { service: 'orders', instance: someInstance }
const records = fc
  .array(recordArbitrary(), { minLength: 1, maxLength: 12 })
  .map((list) => list.sort((a, b) => (a.hopId < b.hopId ? -1 : 1)))

/** A segment with other contents and a checksum that fits: what an attacker who can write to a store can make. */
function forged(segment: Uint8Array, change: (unpacked: Buffer) => Buffer, claimed?: number): Buffer {
  const { end, bytes } = openHead(segment)
  const packedEnd = end + 8 + bytes.readUInt32BE(end + 4)
  const original = brotliDecompressSync(bytes.subarray(end + 8, packedEnd))
  const unpacked = change(original)
  const packed = brotliCompressSync(unpacked, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(claimed ?? unpacked.length, 0)
  sizes.writeUInt32BE(packed.length, 4)
  const made = Buffer.concat([bytes.subarray(0, end), sizes, packed, bytes.subarray(packedEnd)])
  seal(made)
  return made
}

/** Runs to an end with a value or with the one error that damage has. */
function expectGuarded(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(HoptraceError)
    expect(error).toMatchObject({ code: 'HOPTRACE_BAD_SEGMENT' })
  }
}

describe('17.6: a forged segment', () => {
  it('gives records or HOPTRACE_BAD_SEGMENT, whatever its columns say', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.nat({ max: 255 }), (list, at, byte) => {
        const segment = forged(encodeSegment(meta, list), (unpacked) =>
          unpacked.fill(byte, at % unpacked.length, (at % unpacked.length) + 1),
        )
        expectGuarded(() => decodeSegment(segment))
        expectGuarded(() => findInSegment(segment, (list[at % list.length] as HopRecord).hopId))
      }),
      { numRuns: 500 },
    )
  })

  it('gives HOPTRACE_BAD_SEGMENT when it unpacks to more than it claims, or claims too much', () => {
    const segment = encodeSegment(meta, fc.sample(recordArbitrary(), { numRuns: 1, seed: 1 }))
    const zeros = Buffer.alloc(32 * 1024 * 1024)
    const { end, bytes } = openHead(segment)
    const bomb = brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
    for (const claimed of [100, zeros.length + 1, maxUnpackedBytes + 1]) {
      const sizes = Buffer.alloc(8)
      sizes.writeUInt32BE(claimed, 0)
      sizes.writeUInt32BE(bomb.length, 4)
      const made = Buffer.concat([bytes.subarray(0, end), sizes, bomb])
      seal(made)
      expect(() => decodeSegment(made)).toThrow(/damaged segment/)
    }
  })

  it('gives HOPTRACE_BAD_SEGMENT when a few bytes name much text', () => {
    const attributes = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x${i}y`, true]))
    const sample = fc.sample(recordArbitrary(), { numRuns: 1, seed: 1 })[0] as HopRecord
    const plain = { method: null, route: null, error: null, keys: {}, events: [], next: [], attributes }
    const segment = encodeSegment(meta, [{ ...sample, ...plain }])
    const made = forged(segment, (unpacked) => {
      // Count of strings (two bytes), length of their common prefix, the prefix `x`.
      expect([...unpacked.subarray(2, 4)]).toEqual([2, 'x'.charCodeAt(0)])
      const prefix = new ByteWriter()
      prefix.bytes(unpacked.subarray(0, 2))
      prefix.varint(2 * 30_000_000)
      return Buffer.concat([prefix.view(), Buffer.alloc(30_000_000, 'x'), unpacked.subarray(4)])
    })
    expect(made.length).toBeLessThan(8000)
    expect(() => decodeSegment(made)).toThrow('too much text')
    expect(() => findInSegment(made, sample.hopId)).toThrow('too much text')
  })

  it('gives HOPTRACE_BAD_SEGMENT when its head counts other records', () => {
    const segment = Buffer.from(encodeSegment(meta, fc.sample(recordArbitrary(), { numRuns: 1, seed: 1 })))
    for (const count of [0, 2, 1_000_000, 0xffff_ffff]) {
      segment.writeUInt32BE(count, 40)
      seal(segment)
      expect(() => decodeSegment(segment)).toThrow(/damaged segment/)
    }
  })

  it('is refused when it is none at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readSegmentHead(bytes)).toThrow(/damaged segment/)
      }),
    )
  })
})
