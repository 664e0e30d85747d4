import type { Row, Store } from '@hoptrace/core/store'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { StoreSubject } from './store-kit-subject.js'

const everything = { from: Buffer.alloc(0), to: Buffer.from([255]), limit: 100_000 }
const writers = 3
const puts = 30

/** Stores that several processes may have open at once, and file stores that are only read. */
export function sharedSuite(subject: StoreSubject): void {
  it('accepts puts of several stores at once, and each reads every acknowledged row', async () => {
    const ground = await subject.create()
    onTestFinished(() => ground.remove())
    const stores = Array.from({ length: writers + 1 }, () => ground.connect())
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))))
    const [reader, ...rest] = stores as [Store, ...Store[]]
    if (!reader.supports.shared) return
    await reader.open()
    const acknowledged = new Set<string>()
    await Promise.all(
      rest.map(async (store, writer) => {
        for (let i = 0; i < puts; i++) {
          const rows = [rowOf(`${writer}-${String(i).padStart(3, '0')}`), rowOf(`shared-${i % 5}`)]
          await store.put(rows)
          for (const { key } of rows) acknowledged.add(textOf(key))
          const known = [...acknowledged]
          const found = new Set((await reader.scan(everything)).map(({ key }) => textOf(key)))
          expect(known.filter((key) => !found.has(key))).toEqual([])
        }
      }),
    )
    for (const store of stores) {
      const keys = (await store.scan(everything)).map(({ key }) => textOf(key))
      expect(keys).toEqual([...acknowledged].sort())
    }
  })

  it('can be read without a change of its files, even if they are read-only', async () => {
    const ground = await subject.create()
    onTestFinished(() => ground.remove())
    const { files } = ground
    if (files === undefined) return
    const store = ground.connect()
    await store.put([rowOf('a'), rowOf('b')])
    await store.close()
    const names = ['.', ...readdirSync(files.dir, { recursive: true }).map(String)]
    const paths = names.map((name) => path.join(files.dir, name))
    const modes = paths.map((file) => statSync(file).mode)
    onTestFinished(() => paths.forEach((file, i) => chmodSync(file, modes[i] as number)))
    paths.forEach((file, i) => chmodSync(file, (modes[i] as number) & ~0o222))
    const before = paths.map(stateOf)
    const reader = files.connect(files.dir)
    await reader.open()
    expect((await reader.scan(everything)).map(({ key }) => textOf(key))).toEqual(['a', 'b'])
    await reader.close()
    expect(['.', ...readdirSync(files.dir, { recursive: true }).map(String)]).toEqual(names)
    expect(paths.map(stateOf)).toEqual(before)
  })
}

function stateOf(file: string): unknown[] {
  const { size, mtimeMs, mode, uid } = statSync(file)
  return [file, size, mtimeMs, mode, uid]
}

function rowOf(key: string): Row {
  return { key: Buffer.from(key), value: Buffer.from(`value of ${key}`) }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString()
}
