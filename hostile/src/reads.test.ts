import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { commandWords, hoptrace, run } from './processes.fixture.js'
import { askAll, questions, resolved } from './questions.fixture.js'
import { isRoot, otherUser, Scene } from './scene.fixture.js'
import { hasTool } from './tools.fixture.js'
import { changesOf, treeOf } from './tree.fixture.js'

// Many commands, each a process.
vi.setConfig({ testTimeout: 300_000 })

/** A chain of two that was killed: a part of its records is in its stores, a part in its logs alone. */
async function killedChain(scene: Scene): Promise<void> {
  const back = await scene.service('back')
  const front = await scene.service('front')
  const call = [`${back.url}/work`]
  await front.work({ task: 'shipped', call })
  await Promise.all([front.control('flush'), back.control('flush')])
  await front.work({ task: 'logged', call, error: 'no place' })
  await Promise.all([front.kill(), back.kill()])
}

describe('a question', () => {
  let scene: Scene
  let before: readonly string[]
  beforeAll(async () => {
    scene = new Scene()
    await killedChain(scene)
    before = treeOf(scene.dataDir)
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  it('17.4 leaves every byte, mode and time of the data directory as it is', async () => {
    for (const task of ['shipped', 'logged']) {
      const answers = await askAll(scene.dataDir, task, 'front')
      expect(answers.filter(({ code }) => code !== 0 && code !== 1)).toEqual([])
      expect(changesOf(before, treeOf(scene.dataDir))).toEqual([])
    }
  })

  it.runIf(isRoot && hasTool('unshare'))('17.4 is answered on a file system that is read-only', async () => {
    const mounted = ['mount --bind "$DIR" "$DIR"', 'mount -o remount,ro,bind "$DIR"', 'exec "$@"'].join(
      ' && ',
    )
    const under = ['unshare', '-m', 'sh', '-c', mounted, 'sh']
    const options = { env: { DIR: scene.dataDir }, under }
    for (const task of ['shipped', 'logged']) {
      const there = await resolved(scene.dataDir, `task=${task}`)
      const { verdict, hops } = await resolved(scene.dataDir, `task=${task}`, [], options)
      expect(verdict).toBe(there.verdict)
      expect(hops).toEqual(there.hops)
    }
    const touch = await run([...under, 'touch', path.join(scene.dataDir, 'x')], { env: options.env })
    expect(touch.stderr).toContain('Read-only file system')
  })

  it.runIf(isRoot)('17.4 is answered to another user of the group, who may only read', async () => {
    const asOther = { uid: otherUser, gid: process.getgid?.() ?? 0 }
    for (const task of ['shipped', 'logged']) {
      const there = await resolved(scene.dataDir, `task=${task}`)
      const { verdict, hops } = await resolved(scene.dataDir, `task=${task}`, [], asOther)
      expect(verdict).toBe(there.verdict)
      expect(hops).toEqual(there.hops)
    }
    expect(changesOf(before, treeOf(scene.dataDir))).toEqual([])
  })

  it.runIf(isRoot)('17.7 is not answered to a user of no group of the service', async () => {
    const { code, stdout } = await hoptrace(['resolve', 'task=shipped', '--dir', scene.dataDir, '--json'], {
      uid: otherUser,
    })
    expect(code).not.toBe(0)
    expect(stdout).not.toContain('shipped')
  })

  it.runIf(hasTool('strace'))('17.4 only reads, as the kernel sees it', async () => {
    const logs = mkdtempSync(path.join(tmpdir(), 'hoptrace-strace-'))
    try {
      for (const [index, words] of questions('logged', 'front').entries()) {
        const log = path.join(logs, String(index))
        const strace = ['strace', '-f', '-qq', '-e', 'trace=%file,ftruncate,fchmod,fchown,bind', '-o', log]
        await run([...strace, ...commandWords, ...words, '--dir', scene.dataDir])
        const calls = readFileSync(log, 'utf8').split('\n')
        const ours = calls.filter((line) => line.includes(scene.root))
        expect(ours.length).toBeGreaterThan(3)
        expect(ours.filter((line) => !onlyReads(line))).toEqual([])
      }
    } finally {
      rmSync(logs, { recursive: true })
    }
  })
})

/** A call that opens for reading, lists, or asks about a name. */
function onlyReads(line: string): boolean {
  if (/\b(openat|open)\(/.test(line)) return !/O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)/.test(line)
  return /\b(stat|lstat|newfstatat|statx|fstat|access|faccessat2?|readlink|readlinkat|getdents64|connect|execve|statfs|getcwd)\(|resumed>|unfinished/.test(
    line,
  )
}

describe.runIf(isRoot)('root, who asks in the directory of another user with umask 077,', () => {
  it('17.4 leaves it to the user, whose service still ships', async () => {
    await using scene = new Scene()
    chownSync(scene.root, otherUser, otherUser)
    chownSync(scene.dataDir, otherUser, otherUser)
    const first = await scene.service('orders', {}, { uid: otherUser })
    await first.work({ task: 'one' })
    await first.control('flush')
    await first.kill()
    const before = treeOf(scene.dataDir)
    const under = ['sh', '-c', 'umask 077; exec "$@"', 'sh']
    await askAll(scene.dataDir, 'one', 'orders', { under })
    expect(changesOf(before, treeOf(scene.dataDir))).toEqual([])
    const again = await scene.service('orders', {}, { uid: otherUser })
    for (let index = 0; index < 8; index++) await again.work({ task: `again-${index}` })
    await again.control('flush')
    expect(await again.control('stats')).toMatchObject({ appended: 8, shipped: 8, dropped: 0 })
  })
})
