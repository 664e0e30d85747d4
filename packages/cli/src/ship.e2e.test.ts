import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { ended, hoptrace, startHoptrace } from './command.fixture.js'

interface Shipped {
  readonly shipped: readonly { readonly service: string; readonly hops: number; readonly damage: number }[]
  readonly left: readonly unknown[]
}

describe('hoptrace ship', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-ship-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const killed = async (): Promise<void> => {
    const child = fork(built(new URL('dying.fixture.ts', import.meta.url)), [dir], { execArgv: [] })
    await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  it('ships the log of a killed process into the store of its service, and registers that', async () => {
    await killed()
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

  it('watches: waits for the data directory, ships each process when it has died, and ends by Ctrl-C', async () => {
    await rm(dir, { recursive: true })
    const child = startHoptrace(['ship', dir, '--watch', '--every', '100ms', '--json'])
    const end = ended(child)
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
    for (let death = 0; death < 2; death++) {
      const shipped = once(lines, 'line')
      await killed()
      const [line] = (await shipped) as [string]
      expect(JSON.parse(line)).toMatchObject({
        shipped: [{ service: 'nightly', hops: 2, interrupted: 1 }],
        left: [],
      })
    }
    child.kill('SIGINT')
    expect(await end).toMatchObject({ code: 130, stderr: '' })
  })

  it('ends with 3 when a log was damaged, and says how much of it', async () => {
    await killed()
    const logs = path.join(dir, 'logs', 'nightly')
    const [run = ''] = await readdir(logs)
    const [name = ''] = (await readdir(path.join(logs, run))).filter((file) => file.endsWith('.log'))
    const log = path.join(logs, run, name)
    const bytes = await readFile(log)
    // Of the job that has finished: its name is in no other entry.
    bytes.write('XXXXXX', bytes.indexOf('report.write'))
    await writeFile(log, bytes)
    const { code, stdout } = await hoptrace(['ship', dir, '--json'])
    const { shipped, left } = JSON.parse(stdout) as Shipped
    expect({ shipped, left }).toMatchObject({ shipped: [{ service: 'nightly' }], left: [] })
    expect(shipped[0]?.damage).toBeGreaterThan(0)
    expect(code).toBe(3)
    const again = await hoptrace(['ship', dir])
    expect({ code: again.code, stdout: again.stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to ship') as string,
    })
  })
})
