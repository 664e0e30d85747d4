import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { built } from '../../../../../dev/built.mjs'
import { everything, freshDir, keysOf, opened, row } from './level-dir.fixture.js'
import { levelStore } from './level-store.js'

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
    await expect.poll(tables).toBeLessThan(14)
    const first = { from: Buffer.from('0'), to: Buffer.from('1') }
    await a.deleteRange?.(first.from, first.to)
    expect(await b.scan(everything)).toHaveLength(750)
    await b.deleteRange?.(first.from, first.to)
    await expect.poll(() => bytesOf(dir)).toBeLessThan(41_000_000)
    expect(await b.scan(everything)).toHaveLength(750)
    expect(await a.scan({ ...first, limit: 9 })).toEqual([])
  })
})
