import fc from 'fast-check'
import { expect, it } from 'vitest'
import { encodeKey, rowsOf } from './members.js'

const bytes = fc
  .uint8Array({ maxLength: 12, max: 255 })
  .map((array) => array.map((byte) => (byte % 3 === 0 ? 0 : byte)))

const member = (key: Uint8Array, version: number, value: Uint8Array): Buffer =>
  Buffer.concat([encodeKey(key), Buffer.of(0, 0, 0, version), value])

it('a member is the row that it was made of', () => {
  fc.assert(
    fc.property(bytes, bytes, (key, value) => {
      const [row] = rowsOf([member(key, 0, value)])
      expect(Buffer.from(row?.key ?? []).equals(key)).toBe(true)
      expect(Buffer.from(row?.value ?? []).equals(value)).toBe(true)
    }),
  )
})

it('members order as their keys do', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (a, b, value) => {
      fc.pre(Buffer.compare(a, b) !== 0)
      expect(Buffer.compare(member(a, 1, value), member(b, 0, value))).toBe(Buffer.compare(a, b))
    }),
  )
})

it('of several versions the last is the row', () => {
  const key = Buffer.of(1, 0)
  const rows = rowsOf([member(key, 1, Buffer.from('old')), member(key, 2, Buffer.from('new'))])
  expect(rows.map(({ value }) => Buffer.from(value).toString())).toEqual(['new'])
})

it('what is no row is an error', () => {
  expect(() => rowsOf([Buffer.from('text')])).toThrow('no row')
  expect(() => rowsOf([Buffer.of(1, 0, 0, 1)])).toThrow('no row')
})
