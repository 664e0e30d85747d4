import { execFileSync, fork } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../../dev/built.mjs'
import { checkClusterKey } from './check-cluster-key.js'
import { ensureDataDirKey, newClusterKey, readDataDirKey } from './data-dir-key.js'

let dir = ''
beforeEach(() => void (dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-key-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the key of a data directory', () => {
  it('is made once, and then read', () => {
    const dataDir = path.join(dir, 'a', 'b')
    expect(readDataDirKey(dataDir)).toBeUndefined()
    const key = ensureDataDirKey(dataDir)
    checkClusterKey(key)
    expect(ensureDataDirKey(dataDir)).toBe(key)
    expect(ensureDataDirKey(dataDir, newClusterKey())).toBe(key)
    expect(readDataDirKey(dataDir)).toBe(key)
    expect(readdirSync(dataDir)).toEqual(['key'])
    expect(readFileSync(path.join(dataDir, 'key'), 'utf8')).toBe(`${key}\n`)
  })

  it('is the one that was offered, where there was none', () => {
    const mine = newClusterKey()
    expect(ensureDataDirKey(dir, mine)).toBe(mine)
  })

  it('can be read by user and group only, whatever the umask', () => {
    for (const umask of [0o000, 0o077]) {
      const before = process.umask(umask)
      try {
        const dataDir = path.join(dir, String(umask))
        ensureDataDirKey(dataDir)
        expect(statSync(path.join(dataDir, 'key')).mode & 0o777).toBe(0o640)
        expect(statSync(dataDir).mode & 0o027).toBe(0)
      } finally {
        process.umask(before)
      }
    }
  })

  it('is one, when many processes make it at once', async () => {
    const children = Array.from({ length: 4 }, () =>
      fork(built(new URL('make-key.fixture.ts', import.meta.url)), [dir], { execArgv: [] }),
    )
    const keys = await Promise.all(
      children.map((child) => new Promise((resolve) => child.once('message', resolve))),
    )
    expect(new Set(keys)).toEqual(new Set([readDataDirKey(dir)]))
    expect(readdirSync(dir)).toEqual(['key'])
  })

  it('is asked for without a trace', () => {
    expect(readDataDirKey(path.join(dir, 'nowhere'))).toBeUndefined()
    expect(readDataDirKey(dir)).toBeUndefined()
    expect(readdirSync(dir)).toEqual([])
  })

  it.each([
    ['empty', (file: string) => writeFileSync(file, '')],
    ['cut', (file: string) => writeFileSync(file, 'abcdef')],
    ['too long', (file: string) => writeFileSync(file, 'x'.repeat(1_000_000))],
    ['a directory', (file: string) => mkdirSync(file)],
    ['a pipe', (file: string) => execFileSync('mkfifo', [file])],
    ['a link', (file: string) => (writeFileSync(`${file}2`, newClusterKey()), symlinkSync(`${file}2`, file))],
    ['a device', (file: string) => symlinkSync('/dev/zero', file)],
  ])('is not believed when it is %s', (_, plant) => {
    plant(path.join(dir, 'key'))
    expect(() => readDataDirKey(dir)).toThrow(expect.objectContaining({ code: 'HOPTRACE_BAD_KEY' }))
    expect(() => ensureDataDirKey(dir)).toThrow(expect.objectContaining({ code: 'HOPTRACE_BAD_KEY' }))
  })
})
