import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memoryStore } from '../store/memory.js'
import { ttlSecondsOf } from '../store/retention.js'
import { normalizeOptions } from './options.js'
import { parseRetention } from './retention.js'

describe('HOPTRACE_RETENTION', () => {
  it.each([
    ['90s', { ttlSeconds: 90 }],
    ['1m', { ttlSeconds: 60 }],
    ['12h', { ttlSeconds: 43_200 }],
    ['7d', { ttlSeconds: 604_800 }],
    ['4w', { ttlSeconds: 2_419_200 }],
    ['forever', { ttlSeconds: Infinity }],
    ['10gb', { maxBytes: 10_000_000_000 }],
    ['7d,10gb', { ttlSeconds: 604_800, maxBytes: 10_000_000_000 }],
    ['500mb, forever', { ttlSeconds: Infinity, maxBytes: 500_000_000 }],
    ['66kb', { maxBytes: 66_000 }],
    ['2tb', { maxBytes: 2_000_000_000_000 }],
  ])('%s', (text, kept) => expect(parseRetention(text)).toEqual(kept))

  it.each(['', '7', '0d', '-1d', '1.5h', '7 d', '7D', '1y', '10GB', '10g', '0gb', '7d,', '7d,8d', '1gb,2gb'])(
    'is refused: %j',
    (text) => {
      expect(() => parseRetention(text)).toThrow(TypeError)
      expect(() => parseRetention(text)).toThrow(/^records are kept for a time .*, up to a size .*, or both/)
    },
  )

  it.each(['9999999999w', '65kb', '9999999999tb'])('is refused, because it is out of bounds: %s', (text) => {
    expect(() => parseRetention(text)).toThrow(/^the (time|size) must be a whole number/)
  })

  it('is for a store whose options do not say how long it keeps records', () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'hoptrace-retention-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true }))
    const keeps = (store: object, env: NodeJS.ProcessEnv): number =>
      ttlSecondsOf(normalizeOptions({ service: 'a', dataDir, ...store }, env).store)
    const env = { HOPTRACE_RETENTION: '1m' }
    expect(keeps({}, env)).toBe(60)
    expect(keeps({}, { HOPTRACE_RETENTION: '' })).toBe(604_800)
    expect(keeps({ store: { kind: 'level', dir: dataDir } }, env)).toBe(60)
    expect(keeps({ store: { kind: 'level', ttlSeconds: 5 } }, env)).toBe(5)
    expect(keeps({ store: { kind: 'level', ttlSeconds: Infinity } }, env)).toBe(Infinity)
    // A store object says it itself.
    expect(keeps({ store: memoryStore() }, env)).toBe(604_800)
    expect(() => keeps({}, { HOPTRACE_RETENTION: 'long' })).toThrow(/^HOPTRACE_RETENTION: records/)
    const both = { HOPTRACE_RETENTION: '1m,1gb' }
    const { store } = normalizeOptions(
      { service: 'a', dataDir, store: { kind: 'level', maxBytes: 70_000 } },
      both,
    )
    expect(store).toEqual({ kind: 'level', ttlSeconds: 60, maxBytes: 70_000 })
    const few = { service: 'a', dataDir, store: { kind: 'level', maxBytes: 5 } } as const
    expect(() => normalizeOptions(few, {})).toThrow(/^store.maxBytes must be/)
  })
})
