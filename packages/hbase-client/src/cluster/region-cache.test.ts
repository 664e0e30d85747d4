import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTableName, type Region } from './region.js'
import { RegionCache } from './region-cache.js'

const server = { host: 'h', port: 1 }
let id = 0n
const region = (start: string, end: string, table = 't'): Region => ({
  table,
  name: Buffer.from(`${table},${start},${++id}.`),
  id,
  start: Buffer.from(start),
  end: Buffer.from(end),
  server,
  startCode: 1n,
})
const holds = ({ start, end }: Region, row: string) =>
  start.toString() <= row && (end.length === 0 || end.toString() > row)

describe('RegionCache', () => {
  it('finds for every row the newest region that holds it, and no replaced region', () => {
    const key = fc.constantFrom('', 'a', 'b', 'c', 'd', 'e')
    const range = fc.tuple(key, key).filter(([start, end]) => end === '' || start < end)
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
        const cache = new RegionCache()
        let living: Region[] = []
        for (const [start, end] of ranges) {
          const added = region(start, end)
          cache.add(added)
          const touches = (other: Region) =>
            (end === '' || other.start.toString() < end) &&
            (other.end.length === 0 || start < other.end.toString())
          living = [...living.filter((other) => !touches(other)), added]
        }
        for (const row of ['', 'a', 'aa', 'b', 'bb', 'c', 'cc', 'd', 'dd', 'e', 'z']) {
          expect(cache.find('t', Buffer.from(row))).toBe(living.find((candidate) => holds(candidate, row)))
        }
      }),
    )
  })

  it('forgets only the wrong entry, not its successor', () => {
    const cache = new RegionCache()
    const [old, fresh] = [region('', ''), region('', '')]
    cache.add(old)
    cache.add(fresh)
    cache.remove(old)
    expect(cache.find('t', Buffer.from('r'))).toBe(fresh)
    cache.remove(fresh)
    expect(cache.find('t', Buffer.from('r'))).toBeUndefined()
    expect(cache.find('other', Buffer.from('r'))).toBeUndefined()
  })
})

describe('parseTableName', () => {
  it('accepts names with and without a namespace, and nothing else', () => {
    expect(parseTableName('t')).toEqual({ namespace: 'default', qualifier: 't', text: 't' })
    expect(parseTableName('default:t').text).toBe('t')
    expect(parseTableName('n:t.x-y_1')).toEqual({ namespace: 'n', qualifier: 't.x-y_1', text: 'n:t.x-y_1' })
    for (const name of ['', ':t', 't:', 'a:b:c', '.t', '-t', 'a b', 'ä']) {
      expect(() => parseTableName(name), name).toThrow(TypeError)
    }
  })
})
