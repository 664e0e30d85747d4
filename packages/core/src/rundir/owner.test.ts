import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { built } from '../../../../dev/built.mjs'
import {
  acquireRunDir,
  claimRunDir,
  deleteRunDir,
  highestOwner,
  listRunDirs,
  logDirOf,
  probeRun,
  runDirOf,
} from './index.js'

let dataDir: string
let runDir: string

beforeEach(() => {
  // Longer than the path of a socket may be.
  dataDir = realpathSync(mkdtempSync(path.join(os.tmpdir(), `owner-${'long-'.repeat(20)}`)))
  runDir = path.join(dataDir, 'logs', 'orders', '17-42-abcdef')
})

afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

/** Starts another process that owns the run; its input and output are pipes. */
async function ownerProcess(): Promise<ChildProcess> {
  const module = built(new URL('owner.ts', import.meta.url))
  const program = `import { claimRunDir } from '${module}'; claimRunDir(${JSON.stringify(runDir)}); console.log('owned'); setInterval(() => undefined, 1000)`
  const file = path.join(dataDir, 'owner.mjs')
  writeFileSync(file, program)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

describe('the owner of a run', () => {
  it('is its process, until release', async () => {
    const owned = claimRunDir(runDir)
    expect(await probeRun(runDir)).toBe('alive')
    expect(await acquireRunDir(runDir)).toBeUndefined()
    expect(() => claimRunDir(runDir)).toThrow('owned by another process')
    expect(owned.held()).toBe(true)
    owned.release()
    const adopters = await Promise.all([1, 2, 3].map(() => acquireRunDir(runDir)))
    const taken = adopters.filter((adopter) => adopter !== undefined)
    expect(taken.map(({ number }) => number)).toEqual([2])
    expect(owned.held()).toBe(false)
    expect(taken[0]?.held()).toBe(true)
    expect(await probeRun(runDir)).toBe('alive')
    expect(readdirSync(runDir).sort()).toEqual(['HOPTRACE', 'owner-1.sock', 'owner-2.sock'])
    expect(statSync(runDir).mode & 0o777).toBe(0o750)
    deleteRunDir(owned)
    expect(readdirSync(runDir)).toHaveLength(3)
    for (const adopter of taken) deleteRunDir(adopter)
    expect(readdirSync(path.dirname(runDir))).toEqual([])
    for (const adopter of taken) adopter.release()
    expect(await acquireRunDir(runDir)).toBeUndefined()
  })

  it('is alive while its process lives, even a stopped one, and dead afterwards', async () => {
    const child = await ownerProcess()
    // `child.kill` of Deno takes a stopped process for an ended one.
    const pid = child.pid as number
    try {
      expect(await probeRun(runDir)).toBe('alive')
      process.kill(pid, 'SIGSTOP')
      for (let tries = 0; tries < 600; tries++) expect(await probeRun(runDir)).toBe('alive')
    } finally {
      const exited = once(child, 'exit')
      process.kill(pid, 'SIGKILL')
      await exited
    }
    await expect.poll(() => probeRun(runDir)).toBe('dead')
    const owned = await acquireRunDir(runDir)
    expect(owned?.number).toBe(2)
    owned?.release()
  })

  it('is unknown if there never was one', async () => {
    mkdirSync(runDir, { recursive: true })
    expect(await probeRun(runDir)).toBe('unknown')
    expect(await acquireRunDir(runDir)).toBeUndefined()
    const owned = await acquireRunDir(runDir, { silent: true })
    expect(owned?.number).toBe(1)
    owned?.release()
    expect(
      await acquireRunDir(path.join(dataDir, 'logs', 'orders', '1-2-aaaaaa'), { silent: true }),
    ).toBeUndefined()
    expect(highestOwner(path.join(dataDir, 'nowhere'))).toBe(0)
  })
})

describe('the runs of a data directory', () => {
  it('are the directories with the name of a run and the marker', async () => {
    claimRunDir(runDir).release()
    const restored = path.join(dataDir, 'logs', 'orders', '18-43-abcdef')
    const foreign = ['nginx/2026-11', 'orders/2026', 'orders/19-44-abcdef', 'orders/.gone-17-42-abcdef']
    for (const dir of [restored, ...foreign.map((name) => path.join(dataDir, 'logs', name))])
      mkdirSync(dir, { recursive: true })
    writeFileSync(path.join(restored, '00000001.log'), 'hoplog3\n')
    writeFileSync(path.join(dataDir, 'logs', 'nginx', '2026-11', 'access.log'), '')
    expect(await listRunDirs(dataDir)).toEqual([runDir, restored])
    expect(await listRunDirs(dataDir, 'payments')).toEqual([])
  })

  it('are named in rows relative to it, and no other path is accepted', () => {
    expect(runDirOf(dataDir, logDirOf(runDir))).toBe(runDir)
    for (const bad of [
      '/etc',
      'logs/../17-42-abcdef',
      'logs/orders/..',
      'logs/orders',
      'logs/orders/17-42-abcdef/x',
    ])
      expect(runDirOf(dataDir, bad)).toBeUndefined()
  })
})
