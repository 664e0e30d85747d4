import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frame } from '../fake-server.fixture.js'
import { FrameReader } from './frame-reader.js'

describe('FrameReader', () => {
  it('returns the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 })
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (frames, sizes) => {
        const stream = Buffer.concat(frames.map((body) => frame(body)))
        const reader = new FrameReader(300)
        const found: string[] = []
        let at = 0
        for (let i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1
          reader.push(stream.subarray(at, at + size), (body) => found.push(body.toString('hex')))
          at += size
        }
        expect(found).toEqual(frames.map((body) => Buffer.from(body).toString('hex')))
      }),
    )
  })

  it('refuses an empty frame and one above the limit, before its bytes arrive', () => {
    const none = () => undefined
    expect(() => new FrameReader(10).push(Buffer.from([0, 0, 0, 0]), none)).toThrow(
      expect.objectContaining({ code: 'PROTOCOL' }),
    )
    expect(() => new FrameReader(10).push(Buffer.from([0, 0, 0, 11]), none)).toThrow(
      expect.objectContaining({ code: 'PROTOCOL' }),
    )
    expect(() => new FrameReader(10).push(Buffer.from([0, 0, 0, 10]), none)).not.toThrow()
  })
})
