import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StillList } from './index.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hoptrace-still-'))
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
  rmSync(dir, { recursive: true, force: true })
})

const names = (list: StillList): string[] =>
  list
    .list()
    .map(({ name }) => name)
    .sort()

describe('the entries of a directory', () => {
  it('are those of now, however soon or late after the last listing one comes or goes', async () => {
    const list = new StillList({ dir, name: 'rows' })
    expect(names(list)).toEqual([])
    expect(await list.listLater()).toEqual([])
    mkdirSync(path.join(dir, 'rows'))
    const expected: string[] = []
    for (let i = 0; i < 30; i++) {
      const name = String(i).padStart(2, '0')
      writeFileSync(path.join(dir, 'rows', name), '')
      expected.push(name)
      expect(names(list)).toEqual(expected)
      if (i % 3 === 1) {
        rmSync(path.join(dir, 'rows', expected.shift() as string))
        expect((await list.listLater()).map(({ name: one }) => one).sort()).toEqual(expected)
      }
      // Long enough for the listing to be kept, or not.
      vi.advanceTimersByTime((i % 4) * 1000)
      expect(names(list)).toEqual(expected)
      vi.advanceTimersByTime((i % 5) * 1000)
      expect(names(list)).toEqual(expected)
      // The clock of the file system is not the faked one, and has to turn.
      await sleep(20)
    }
  })

  it('are not listed again while it does not change', () => {
    const list = new StillList({ dir, name: '.' })
    expect(() => list.list()).toThrow()
    const kept = new StillList({ dir: path.dirname(dir), name: path.basename(dir) })
    writeFileSync(path.join(dir, 'one'), '')
    kept.list()
    expect(kept.last()).toBeUndefined()
    vi.advanceTimersByTime(2001)
    const entries = kept.list()
    expect(kept.last()).toBe(entries)
    expect(kept.list()).toBe(entries)
  })

  it('are those of the directory that has its name by now', () => {
    mkdirSync(path.join(dir, 'a'))
    mkdirSync(path.join(dir, 'b'))
    writeFileSync(path.join(dir, 'b', 'file'), '')
    const list = new StillList({ dir, name: 'a' })
    list.list()
    vi.advanceTimersByTime(3000)
    expect(names(list)).toEqual([])
    renameSync(path.join(dir, 'a'), path.join(dir, 'c'))
    expect(names(list)).toEqual([])
    renameSync(path.join(dir, 'b'), path.join(dir, 'a'))
    expect(names(list)).toEqual(['file'])
  })
})
