import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { hoptrace } from './command.fixture.js'

interface Shipped {
  readonly shipped: readonly { readonly service: string; readonly hops: number }[]
  readonly left: readonly unknown[]
}

describe('hoptrace ship', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-ship-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('ships the log of a killed process into the store of its service, and registers that', async () => {
    const child = fork(built(new URL('dying.fixture.ts', import.meta.url)), [dir], { execArgv: [] })
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const listed = await hoptrace(['instances', '--dir', dir, '--json'])
    expect(JSON.parse(listed.stdout)).toMatchObject([{ service: 'nightly', state: 'dead', alive: false }])
    const first = await hoptrace(['ship', dir, '--json'])
    const { shipped, left } = JSON.parse(first.stdout) as Shipped
    expect({ shipped, left, code: first.code }).toMatchObject({
      shipped: [{ service: 'nightly', hops: 2 }],
      left: [],
      code: 0,
    })
    expect(await readdir(path.join(dir, 'logs', 'nightly'))).toEqual([])

    const ask = async (key: string) =>
      JSON.parse((await hoptrace(['resolve', key, '--dir', dir, '--json'])).stdout) as unknown
    expect(await ask('report=done')).toMatchObject({ verdict: 'completed', hops: [{ source: 'store' }] })
    expect(await ask('report=half')).toMatchObject({
      verdict: 'interrupted',
      endedAt: { service: 'nightly' },
    })
    expect((await hoptrace(['instances', '--all', '--dir', dir])).stdout).toMatch(/nightly.*dead/)
    const again = await hoptrace(['ship', dir])
    expect(again.stdout).toContain('nothing to ship')
    expect(again.code).toBe(0)
  })
})
