import { execFileSync } from 'node:child_process'
import { chmodSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { clusterKeys, newClusterKey } from '../../key/index.js'
import { rowToJson } from './check-row.js'
import { fileRegistry, registerNow } from './file-registry.js'
import { freshDir, keys, ours, row } from './registry.fixture.js'
import { rowFile } from './row-file.js'
import { writeRow } from './signed-row.js'

describe('fileRegistry', () => {
  const text = writeRow(row, ours)
  const plain = async (dir: string): Promise<string> => {
    await fileRegistry(dir, ours).put({ ...row, worker: 0 })
    return path.join(dir, 'registry', rowFile(row))
  }

  it.each<[string, (file: string) => Promise<unknown>, string]>([
    ['is empty', (file) => writeFile(file, ''), 'is empty'],
    ['is cut', (file) => writeFile(file, text.slice(0, 300)), 'is damaged'],
    ['has a flipped bit', (file) => writeFile(file, text.replace('4242', '4243')), 'is damaged or forged'],
    ['has no signature', (file) => writeFile(file, rowToJson(row)), 'is damaged'],
    ['is newer', (file) => writeFile(file, '{"v":7,"rows":[]}'), 'is of a newer version (7)'],
    [
      'is another run\u2019s',
      (file) => writeFile(file, writeRow({ ...row, worker: 9 }, ours)),
      'is the row of another run',
    ],
    ['is a pipe', async (file) => execFileSync('mkfifo', [file]), 'is not a plain file'],
    ['is a directory', (file) => mkdir(file), 'is not a plain file'],
    ['is a link', (file) => symlink('/dev/zero', file), 'is not a plain file'],
    ['is huge', async (file) => execFileSync('truncate', ['-s', '10G', file]), 'cannot be read'],
  ])('tells of a row that %s, and gives the others', async (_, plant, why) => {
    const dir = await freshDir()
    await plant(await plain(dir))
    const { rows, unread } = await fileRegistry(dir, ours).list()
    expect(rows).toHaveLength(1)
    expect(unread).toHaveLength(1)
    expect(unread[0]).toContain(`registry/${rowFile(row)} ${why}`)
  })

  it('tells of a row whose file has a name that no row has', async () => {
    const dir = await freshDir()
    await rename(
      await plain(dir).then((file) => file.replace('-2-', '-0-')),
      path.join(dir, 'registry', 'x.json'),
    )
    expect(await fileRegistry(dir, ours).list()).toMatchObject({
      unread: [expect.stringContaining('another run')],
    })
  })

  it('tells of twenty rows in words, and counts the rest', async () => {
    const dir = await freshDir()
    await plain(dir)
    for (let i = 0; i < 50; i++) await writeFile(path.join(dir, 'registry', `${i}.json`), '')
    const { unread } = await fileRegistry(dir, ours).list()
    expect(unread).toHaveLength(21)
    expect(unread.at(-1)).toBe('and 30 more')
  })

  it('is read and written by many at once, never half', async () => {
    const dir = await freshDir()
    const registries = Array.from({ length: 4 }, () => fileRegistry(dir, ours))
    await registries[0]?.put(row)
    await Promise.all(
      registries.map(async (registry, i) => {
        for (let n = 0; n < 30; n++) {
          await registry.put({ ...row, heartbeatMillis: n * 10 + i })
          const { rows, unread } = await registry.list()
          expect(rows).toHaveLength(1)
          expect(unread).toEqual([])
        }
      }),
    )
    expect((await readdir(path.join(dir, 'registry'))).sort()).toEqual([rowFile(row), 'HOPTRACE'])
  })

  it('is the same by registerNow, with modes that others have no part in', async () => {
    const dir = path.join(await freshDir(), 'data')
    registerNow(dir, keys, row)
    const file = path.join(dir, 'registry', rowFile(row))
    expect((await fileRegistry(dir, ours).list()).rows).toEqual([row])
    expect([statSync(file).mode & 0o777, statSync(path.dirname(file)).mode & 0o777]).toEqual([0o640, 0o750])
  })

  it('leads to logs and stores in a directory that was moved, and is read without a right to write', async () => {
    const base = await freshDir()
    const before = path.join(base, 'before')
    const stores = [`level:${path.join(before, 'stores/payments')}`, 'level:/var/x', 'hbase://a:2181/t']
    await fileRegistry(before, ours).put({ ...row, logDir: path.join(before, row.logDir), stores })
    const text = await readFile(path.join(before, 'registry', rowFile(row)), 'utf8')
    expect(text).not.toContain(base)
    const after = path.join(base, 'after')
    await rename(before, after)
    chmodSync(path.join(after, 'registry'), 0o550)
    expect((await fileRegistry(after, ours).list()).rows).toEqual([
      {
        ...row,
        stores: [`level:${path.join(after, 'stores/payments')}`, 'level:/var/x', 'hbase://a:2181/t'],
      },
    ])
    chmodSync(path.join(after, 'registry'), 0o750)
  })

  it('forgets, for a writer, runs of its service whose records have expired, and no others', async () => {
    const dir = await freshDir()
    const registry = fileRegistry(dir, ours)
    const old = { startNanos: 1n, heartbeatMillis: Date.now() - 120_000 }
    await registry.put({ ...row, ...old, worker: 0, state: 'stopped' })
    await registry.put({ ...row, ...old, worker: 1, state: 'dead', heartbeatMillis: Date.now() })
    await registry.put({ ...row, ...old, worker: 2, state: 'running' })
    await registry.put({ ...row, ...old, worker: 3, state: 'dead', service: 'orders' })
    await registry.put({ ...row, ...old, worker: 4, state: 'running', logDir: 'logs/payments/4-4-444444' })
    await mkdir(path.join(dir, 'logs/payments/4-4-444444'), { recursive: true })
    await registry.put({ ...row, ...old, worker: 5, state: 'dead', service: 'orders', keepsSeconds: 60 })
    await registry.put({ ...row, ...old, worker: 6, state: 'dead', service: 'orders', keepsSeconds: 3600 })
    expect((await registry.list()).rows).toHaveLength(7)
    expect(await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() - 60_000 })).toBe(3)
    expect((await registry.list()).rows.map(({ worker }) => worker).toSorted()).toEqual([1, 3, 4, 6])
  })

  it('forgets, for a writer, rows under a key of before that were not written since', async () => {
    const dir = await freshDir()
    const before = clusterKeys(newClusterKey(), true)
    const old = { ...row, startNanos: 1n, heartbeatMillis: Date.now() - 120_000 }
    for (const worker of [1, 2]) await fileRegistry(dir, () => before).put({ ...old, worker })
    const file = path.join(dir, 'registry', rowFile({ ...old, worker: 1 }))
    const minutesAgo = new Date(Date.now() - 120_000)
    await utimes(file, minutesAgo, minutesAgo)
    const registry = fileRegistry(dir, ours)
    expect((await registry.list()).unread).toHaveLength(2)
    expect(await registry.removeEnded?.({ service: 'payments', beforeMillis: Date.now() - 60_000 })).toBe(1)
    expect((await registry.list()).unread).toHaveLength(1)
  })

  it('cleans up, for a writer, what a killed process left half written, and nothing else', async () => {
    const dir = await freshDir()
    await plain(dir)
    const files = path.join(dir, 'registry')
    const half = (n: number): string => `.${rowFile(row)}.${String(n).repeat(16)}.tmp`
    const left = [half(1), half(2), 'notes.tmp']
    for (const name of left) await writeFile(path.join(files, name), 'half')
    const minutesAgo = new Date(Date.now() - 120_000)
    for (const name of [half(1), 'notes.tmp']) await utimes(path.join(files, name), minutesAgo, minutesAgo)
    expect((await fileRegistry(dir, ours).list()).rows).toHaveLength(1)
    expect((await readdir(files)).length).toBe(5)
    await fileRegistry(dir, ours).removeEnded?.({ service: 'payments', beforeMillis: 1 })
    expect((await readdir(files)).filter((name) => name.endsWith('.tmp')).sort()).toEqual([
      half(2),
      'notes.tmp',
    ])
  })

  it('fails when its directory cannot be read', async () => {
    const dir = await freshDir()
    await mkdir(path.join(dir, 'data'))
    await writeFile(path.join(dir, 'data', 'registry'), 'a file')
    await expect(fileRegistry(path.join(dir, 'data'), ours).list()).rejects.toThrow('not a directory')
  })
})
