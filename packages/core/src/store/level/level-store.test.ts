import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Store } from '../contract.js'
import { levelStore } from './level-store.js'

const all = { from: Buffer.from('a'), to: Buffer.from('z'), limit: 10 }

async function freshDir(): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-level-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A process that has a store in `dir` open and has put a row into it. */
async function otherProcess(dir: string): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(new URL('./level-process.fixture.ts', import.meta.url), [dir])
  onTestFinished(() => void child.kill('SIGKILL'))
  const [url] = (await once(child, 'message')) as [string]
  return { child, url }
}

function opened(store: Store): Store {
  onTestFinished(() => store.close())
  return store
}

describe('levelStore', () => {
  it('takes the next directory where another process has the first', async () => {
    const dir = await freshDir()
    const { child, url } = await otherProcess(dir)
    const store = opened(levelStore({ slotsIn: dir }))
    await store.open()
    expect(url).toBe(`level:${path.join(dir, '0')}`)
    expect(store.url).toBe(`level:${path.join(dir, '1')}`)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = opened(levelStore({ slotsIn: dir }))
    await next.open()
    expect(next.url).toBe(url)
  })

  it('says who has a directory open, and what to do', async () => {
    const dir = await freshDir()
    const { child } = await otherProcess(dir)
    const store = opened(levelStore({ dir: path.join(dir, '0') }))
    const wanted = new RegExp(`process ${child.pid} since \\d{4}-.*--recursive`)
    await expect(store.scan(all)).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_LOCKED',
      message: expect.stringMatching(wanted) as string,
    })
  })

  it('keeps an acknowledged row when its process is killed', async () => {
    const dir = await freshDir()
    const { child } = await otherProcess(dir)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const rows = await opened(levelStore({ dir: path.join(dir, '0') })).scan(all)
    expect(rows.map(({ value }) => Buffer.from(value).toString())).toEqual(['acknowledged'])
  })

  it('is shared by the stores of one process until the last is closed', async () => {
    const dir = await freshDir()
    const [a, b] = [levelStore({ slotsIn: dir }), levelStore({ slotsIn: dir })].map(opened) as [Store, Store]
    await Promise.all([a.open(), b.open()])
    expect(a.url).toBe(b.url)
    await a.put([{ key: Buffer.from('a'), value: Buffer.from('1') }])
    await a.close()
    expect(await b.scan(all)).toHaveLength(1)
    await b.close()
    const c = opened(levelStore({ dir: path.join(dir, '0') }))
    expect(await c.scan(all)).toHaveLength(1)
  })

  it('fails as unavailable where it cannot write, and tries again later', async () => {
    const dir = await freshDir()
    const file = path.join(dir, 'file')
    await writeFile(file, '')
    const store = opened(levelStore({ slotsIn: file }))
    await expect(store.open()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    await rm(file)
    await store.open()
  })

  it('takes one place', () => {
    expect(() => levelStore({})).toThrow(TypeError)
    expect(() => levelStore({ dir: 'a', slotsIn: 'b' })).toThrow(TypeError)
  })
})
