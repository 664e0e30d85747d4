import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { built } from '../../../../../dev/built.mjs'
import type { Row, Store } from '../contract.js'
import { levelStore } from './level-store.js'

const everything = { from: Buffer.alloc(0), to: Buffer.from([255]), limit: 100_000 }

function freshDir(): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'hoptrace-level-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return path.join(parent, 'store')
}

function opened(store: Store): Store {
  onTestFinished(() => store.close())
  return store
}

function row(key: string, value: string | Buffer = key): Row {
  return { key: Buffer.from(key), value: Buffer.from(value) }
}

async function keysOf(store: Store): Promise<string[]> {
  return (await store.scan(everything)).map(({ key }) => Buffer.from(key).toString())
}

/** A process that puts rows into the store until it is killed, and says which are acknowledged. */
function writerProcess(dir: string, name: string): { child: ChildProcess; acknowledged: string[] } {
  const child = fork(built(new URL('level-process.fixture.ts', import.meta.url)), [dir, name], {
    execArgv: [],
  })
  const acknowledged: string[] = []
  child.on('message', (key: string) => acknowledged.push(key))
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, acknowledged }
}

function bytesOf(dir: string): number {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0)
}

describe('levelStore', () => {
  it('is written and read by several processes at once, and a kill loses nothing that was acknowledged', async () => {
    const dir = freshDir()
    const reader = opened(levelStore({ dir, make: true }))
    await reader.open()
    const writers = ['a', 'b', 'c'].map((name) => writerProcess(dir, name))
    for (let round = 0; round < 3; round++) {
      for (const writer of writers) {
        const enough = writer.acknowledged.length + 20
        await expect.poll(() => writer.acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(enough)
        const known = [...writer.acknowledged]
        const found = new Set(await keysOf(reader))
        expect(known.filter((key) => !found.has(key))).toEqual([])
      }
    }
    for (const { child } of writers) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const found = new Set(await keysOf(levelStore({ dir })))
    for (const { acknowledged } of writers) expect(acknowledged.filter((key) => !found.has(key))).toEqual([])
    // The next writer continues the files of a dead one.
    const next = opened(levelStore({ dir }))
    await next.put([row('z')])
    expect(readdirSync(dir).filter((name) => name.endsWith('.head'))).toHaveLength(3)
    expect(new Set(await keysOf(next))).toEqual(new Set([...found, 'z']))
  }, 120_000)

  it('lets the latest put of a key count, whichever store put it', async () => {
    const dir = freshDir()
    const [a, b] = [opened(levelStore({ dir, make: true })), opened(levelStore({ dir, make: true }))]
    await a.put([row('k', '1')])
    await b.put([row('k', '2')])
    expect((await a.scan(everything)).map(({ value }) => Buffer.from(value).toString())).toEqual(['2'])
    await a.put([row('k', '3')])
    expect((await b.scan(everything)).map(({ value }) => Buffer.from(value).toString())).toEqual(['3'])
    await b.deleteRange?.(Buffer.from('k'), Buffer.from('l'))
    expect(await keysOf(a)).toEqual([])
    await a.put([row('k', '4')])
    expect(await keysOf(b)).toEqual(['k'])
  })

  it('keeps files few, and gives the space of deleted rows back', async () => {
    const dir = freshDir()
    const [a, b] = [opened(levelStore({ dir, make: true })), opened(levelStore({ dir, make: true }))]
    const value = Buffer.alloc(50_000, 'v')
    for (let batch = 0; batch < 60; batch++) {
      const rows = Array.from({ length: 25 }, (_, i) =>
        row(`${batch % 2}-${String(batch).padStart(3, '0')}-${i}`, value),
      )
      await (batch % 3 === 0 ? b : a).put(rows)
    }
    expect(await a.scan(everything)).toHaveLength(1500)
    expect(bytesOf(dir)).toBeGreaterThan(70_000_000)
    const tables = (): number =>
      readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('.table')).length
    await expect.poll(tables, { timeout: 60_000 }).toBeLessThan(14)
    const first = { from: Buffer.from('0'), to: Buffer.from('1') }
    await a.deleteRange?.(first.from, first.to)
    expect(await b.scan(everything)).toHaveLength(750)
    await b.deleteRange?.(first.from, first.to)
    await expect.poll(() => bytesOf(dir), { timeout: 60_000 }).toBeLessThan(41_000_000)
    expect(await b.scan(everything)).toHaveLength(750)
    expect(await a.scan({ ...first, limit: 9 })).toEqual([])
  }, 120_000)

  it('fails as unavailable where it cannot write, and tries again later', async () => {
    const dir = freshDir()
    writeFileSync(dir, '')
    const store = opened(levelStore({ dir, make: true }))
    await expect(store.open()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    rmSync(dir)
    await store.put([row('a')])
    expect(await keysOf(store)).toEqual(['a'])
  })

  it('makes nothing where there is no store, and reading changes nothing', async () => {
    const dir = freshDir()
    await expect(levelStore({ dir }).scan(everything)).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
    })
    expect(readdirSync(path.dirname(dir))).toEqual([])
    const store = levelStore({ dir, make: true })
    await store.put([row('a')])
    await store.close()
    const before = readdirSync(dir, { recursive: true }).sort()
    const reader = levelStore({ dir })
    expect(await keysOf(reader)).toEqual(['a'])
    await reader.close()
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before)
  })
})
