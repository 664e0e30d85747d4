import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { everything, freshDir, keysOf, opened, row } from './level-dir.fixture.js'
import { levelStore } from './level-store.js'

/** Puts of two stores within one millisecond have no order. */
async function nextMilli(): Promise<void> {
  for (const now = Date.now(); Date.now() === now;) await setImmediate()
}

describe('levelStore', () => {
  it('lets the latest put of a key count, whichever store put it', async () => {
    const dir = freshDir()
    const [a, b] = [opened(levelStore({ dir, make: true })), opened(levelStore({ dir, make: true }))]
    await a.put([row('k', '1')])
    await nextMilli()
    await b.put([row('k', '2')])
    expect((await a.scan(everything)).map(({ value }) => Buffer.from(value).toString())).toEqual(['2'])
    await nextMilli()
    await a.put([row('k', '3')])
    expect((await b.scan(everything)).map(({ value }) => Buffer.from(value).toString())).toEqual(['3'])
    await nextMilli()
    await b.deleteRange?.(Buffer.from('k'), Buffer.from('l'))
    expect(await keysOf(a)).toEqual([])
    await nextMilli()
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
