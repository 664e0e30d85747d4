import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDataDirKey } from '../key/index.js'
import { normalizeOptions, type TracerOptions } from './options.js'
import type { Store } from '../store/contract.js'
import { memoryStore } from '../store/memory.js'
import { ttlSecondsOf } from '../store/retention.js'

let dir = ''
beforeEach(() => void (dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-options-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const key = 'kJ3nq0v1Zs8wYt5LxP7cRb2MdHg4Fa6e'
const named = (url: string): Store => Object.defineProperty(memoryStore(), 'url', { value: url })
const long = 'x'.repeat(5000)

describe('an option that no registry row could hold', () => {
  it.each<[string, Partial<TracerOptions>, RegExp]>([
    ['a data directory', { dataDir: `/tmp/${long}` }, /^dataDir is too long: its path has 5005 bytes/],
    ['a directory of a store', { store: { kind: 'level', dir: `/tmp/${long}` } }, /^store.dir is too long/],
    ['a URL', { store: { kind: 'hbase', url: `hbase://h:1/${long}` } }, /4096 characters at most/],
    ['servers', { store: { kind: 'hbase', url: `hbase://${'h:1,'.repeat(40)}h:1` } }, /^store.url must be/],
    ['a table', { store: { kind: 'hbase', url: 'hbase://h:1', table: long } }, /^store.url must be/],
    ['buckets', { store: { kind: 'hbase', url: 'hbase://h:1', buckets: 129 } }, /^store.buckets must be/],
    ['a store of one\u2019s own', { store: named(`own:${long}`) }, /^store.url must be/],
    ['a registry', { registry: named('nothing') }, /^registry.url must be/],
    ['a service', { service: '..' }, /^service must be/],
  ])('is refused at createTracer: %s', (_, more, message) => {
    const dataDir = path.join(dir, 'data')
    expect(() => normalizeOptions({ service: 'orders', dataDir, ...more }, {})).toThrow(message)
    expect(existsSync(dataDir)).toBe(false)
  })

  it('is not shown if it may contain a password', () => {
    const store = { kind: 'hbase', url: 'hbase+http://user:PASSWORD@h:1/t' } as const
    const made = (): unknown => normalizeOptions({ service: 'orders', dataDir: dir, store }, {})
    expect(made).toThrow(/without user and query/)
    expect(made).not.toThrow(/PASSWORD/)
  })
})

describe('the key of a service', () => {
  it('is the given key', () => {
    expect(normalizeOptions({ service: 'a', dataDir: dir, clusterKey: key }, {}).key).toEqual({
      secret: key,
      given: true,
    })
    expect(normalizeOptions({ service: 'a', dataDir: dir }, { HOPTRACE_KEY: key }).key.secret).toBe(key)
    expect(readDataDirKey(dir)).toBeUndefined()
  })

  it('is otherwise that of the data directory, the same for all services there', () => {
    const keys = ['a', 'b'].map((service) => normalizeOptions({ service, dataDir: dir }, {}).key)
    expect(keys[0]).toEqual({ secret: readDataDirKey(dir), given: false })
    expect(keys[1]).toEqual(keys[0])
  })

  it.each(['x', ' '.repeat(16), 'a cluster key of some length', '0123456789'.repeat(5)])(
    'is refused if it can be guessed: %j',
    (clusterKey) => {
      expect(() => normalizeOptions({ service: 'a', dataDir: dir, clusterKey }, {})).toThrow(/hoptrace key/)
      expect(() => normalizeOptions({ service: 'a', dataDir: dir }, { HOPTRACE_KEY: clusterKey })).toThrow(
        /hoptrace key/,
      )
    },
  )
})

describe('an option that does not exist', () => {
  const made = (options: object): unknown =>
    normalizeOptions({ service: 'orders', dataDir: dir, ...options }, {})

  it.each<[string, object, string]>([
    ['at the top', { ttlSeconds: 60 }, 'createTracer has no option ttlSeconds'],
    ['with a near one', { window: 60 }, 'createTracer has no option window: there are service, store'],
    [
      'of a level store',
      { store: { kind: 'level', ttl: 60 } },
      'store has no option ttl: there are kind, dir',
    ],
    [
      'of an HBase store',
      { store: { kind: 'hbase', url: 'hbase://h:1', dir: '/x' } },
      'store has no option dir',
    ],
    ['of a registry', { registry: { kind: 'memory', url: 'x' } }, 'registry has no option url'],
  ])('is refused by name: %s', (_, options, message) => {
    expect(() => made(options)).toThrow(TypeError)
    expect(() => made(options)).toThrow(message)
  })

  it.each([0, -1, 1.5, '60', 2 ** 31])('is refused as a time to keep records: %j', (ttlSeconds) => {
    expect(() => made({ store: { kind: 'level', ttlSeconds } })).toThrow(/^store.ttlSeconds must be a whole/)
    expect(() => made({ store: Object.assign(memoryStore(), { ttlSeconds }) })).toThrow(
      /^store.ttlSeconds must/,
    )
  })
})

describe('how long records are kept', () => {
  it('is seven days, or what the store says', () => {
    expect(ttlSecondsOf({ kind: 'level' })).toBe(604_800)
    expect(ttlSecondsOf(memoryStore())).toBe(604_800)
    expect(ttlSecondsOf(Object.assign(memoryStore(), { ttlSeconds: 60 }))).toBe(60)
    expect(ttlSecondsOf({ kind: 'level', ttlSeconds: Infinity })).toBe(Infinity)
  })
})
