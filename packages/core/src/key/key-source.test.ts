import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clusterKeys } from './cluster-keys.js'
import { ensureDataDirKey, newClusterKey, readDataDirKey } from './data-dir-key.js'
import { askersKeys, keysHere, keySource, offerKey } from './key-source.js'

let dir = ''
let said: string[] = []
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-key-source-'))
  said = []
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const say = (code: string, message: string): void => void said.push(`${code} ${message}`)

describe('the key of a service', () => {
  it('is a temporary one, with a warning, while the data directory cannot keep a key, and is offered later', () => {
    const dataDir = path.join(dir, 'data')
    writeFileSync(dataDir, 'in the way')
    const source = keySource(undefined, dataDir, say)
    expect(source.given).toBe(false)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('HOPTRACE_KEY')
    expect(said[0]).not.toContain(source.secret)
    rmSync(dataDir)
    expect(offerKey(source, dataDir)).toBe(true)
    expect(readDataDirKey(dataDir)).toBe(source.secret)
    expect(keySource(undefined, dataDir, say)).toEqual(source)
    expect(said).toHaveLength(1)
  })

  it('is not replaced by one that another process has made since', () => {
    const source = { secret: newClusterKey(), given: false }
    const other = ensureDataDirKey(dir)
    expect(offerKey(source, dir)).toBe(false)
    expect(readDataDirKey(dir)).toBe(other)
  })

  it('is not written anywhere when it is given', () => {
    expect(offerKey(keySource(newClusterKey(), dir, say), dir)).toBe(true)
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('the keys of a process that only asks', () => {
  it('are those of the data directory from the moment that it keeps one, and none is made', () => {
    const keys = askersKeys(undefined, dir)
    expect(keys()).toBeUndefined()
    expect(readdirSync(dir)).toEqual([])
    const secret = ensureDataDirKey(dir)
    expect(keys()).toMatchObject({ given: false, fingerprint: clusterKeys(secret, false).fingerprint })
  })

  it('are those of the environment, when it names one that cannot be guessed', () => {
    ensureDataDirKey(dir)
    const secret = newClusterKey()
    expect(keysHere(dir, { HOPTRACE_KEY: secret })()).toMatchObject({
      given: true,
      fingerprint: clusterKeys(secret, true).fingerprint,
    })
    expect(() => keysHere(dir, { HOPTRACE_KEY: 'x' })).toThrow(/hoptrace key/)
  })

  it('are an error while the key of the directory cannot be read', () => {
    writeFileSync(path.join(dir, 'key'), 'damaged')
    expect(askersKeys(undefined, dir)).toThrow(expect.objectContaining({ code: 'HOPTRACE_BAD_KEY' }))
  })
})
