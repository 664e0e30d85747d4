import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { everything, freshDir, keysOf, opened, row } from './level-dir.fixture.js'
import { levelStore } from './level-store.js'

describe('levelStore', () => {
  it('is written and read by several processes at once, and a kill loses nothing that was acknowledged', async () => {
    const dir = freshDir()
    const reader = opened(levelStore({ dir, make: true }))
    await reader.open()
    const writers = ['a', 'b', 'c'].map((name) => writerProcess(dir, name))
    for (let round = 0; round < 3; round++) {
      for (const writer of writers) {
        const enough = writer.acknowledged.length + 20
        await expect.poll(() => writer.acknowledged.length).toBeGreaterThan(enough)
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
  })

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
