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
    ['90s', 90],
    ['1m', 60],
    ['12h', 43_200],
    ['7d', 604_800],
    ['4w', 2_419_200],
    ['forever', Infinity],
  ])('%s', (text, seconds) => expect(parseRetention(text)).toBe(seconds))

  it.each(['', '7', '0d', '-1d', '1.5h', '7 d', '7D', '1y', '10GB', '9999999999w', '99999999999s'])(
    'is refused: %j',
    (text) => {
      expect(() => parseRetention(text)).toThrow(TypeError)
      expect(() => parseRetention(text)).toThrow(/^HOPTRACE_RETENTION must be/)
    },
  )

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
    expect(() => keeps({}, { HOPTRACE_RETENTION: 'long' })).toThrow(TypeError)
  })
})
