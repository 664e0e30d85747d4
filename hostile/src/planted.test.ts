import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hoptrace, run } from './processes.fixture.js'
import { placesToPlant, plant, runDirsOf, type PlantedKind } from './plant.fixture.js'
import { resolved } from './questions.fixture.js'
import { isRoot, Scene } from './scene.fixture.js'
import { changesOf, treeOf } from './tree.fixture.js'

// Many commands, each a process.
vi.setConfig({ testTimeout: 300_000 })

const kinds: readonly PlantedKind[] = [
  'link',
  'fifo',
  ...(isRoot ? (['device'] as const) : []),
  'sparse',
  'directory',
]

/** Two services that were killed: `healthy`, and `planted`, in whose files things are put. */
async function recordTwo(scene: Scene): Promise<void> {
  for (const name of ['healthy', 'planted']) {
    const service = await scene.service(name)
    await service.work({ task: `${name}-shipped` })
    await service.control('flush')
    await service.work({ task: `${name}-logged` })
    await service.kill()
  }
}

/** What ends: neither killed for its time, nor by a failure inside. */
function expectEnded({
  code,
  stderr,
}: {
  readonly code: number | 'late' | null
  readonly stderr: string
}): void {
  expect(code).not.toBe('late')
  expect([0, 1, 3]).toContain(code)
  expect(stderr).not.toMatch(/TypeError|RangeError|\n\s+at /)
}

describe('what is planted where a file of ours is expected', () => {
  const recorded = new Scene()
  beforeAll(() => recordTwo(recorded))
  afterAll(() => recorded[Symbol.asyncDispose]())

  const planted = async (scene: Scene, kind: PlantedKind): Promise<void> => {
    rmSync(scene.dataDir, { recursive: true })
    await run(['cp', '-a', recorded.dataDir, scene.dataDir])
    for (const place of placesToPlant(scene.dataDir, 'planted'))
      plant(kind, place, path.join(scene.outside, 'important'))
  }

  it.each(kinds)(
    '17.4, 17.5: a %s keeps no command from its end, and others from no answer',
    async (kind) => {
      await using scene = new Scene()
      await planted(scene, kind)
      for (const task of ['healthy-shipped', 'healthy-logged'])
        expect(await resolved(scene.dataDir, `task=${task}`)).toMatchObject({
          hops: [{ service: 'healthy', keys: { task } }],
        })
      for (const words of [
        ['resolve', 'task=planted-logged'],
        ['find', 'task=planted-shipped'],
        ['range', 'planted', '--since', '1h'],
        ['instances'],
        ['ship', scene.dataDir],
      ])
        expectEnded(await hoptrace(words[0] === 'ship' ? words : [...words, '--dir', scene.dataDir]))
      expect(scene.changedOutside()).toEqual([])
    },
  )

  it.each(kinds)('17.5: a %s keeps no living service from shipping and closing', async (kind) => {
    await using scene = new Scene()
    await planted(scene, kind)
    const service = await scene.service('living')
    for (let index = 0; index < 3; index++) await service.work({ task: `living-${index}` })
    await service.control('flush')
    expect(await service.control('stats')).toMatchObject({ appended: 3, shipped: 3, dropped: 0 })
    await service.control('close')
    expect(scene.changedOutside()).toEqual([])
  })

  it.each(kinds)('17.5: a %s keeps no process from process.exit(0)', async (kind) => {
    await using scene = new Scene()
    await planted(scene, kind)
    const service = await scene.service('living')
    await service.work({ task: 'living' })
    // It has come to the logs of others.
    await new Promise((resolve) => setTimeout(resolve, 2000))
    await service.control('exit')
    expect(await service.ended()).toBe(0)
  })
})

describe('a directory of others that lies in the data directory', () => {
  it('17.1 stays as it is, whoever asks, ships or starts there', async () => {
    await using scene = new Scene()
    await recordTwo(scene)
    const logs = path.join(scene.dataDir, 'logs')
    for (const dir of [
      'nginx/2026-11',
      'nginx/.gone-2026-10',
      'planted/.gone-1',
      'planted/2026-11',
      '.gone-nginx/x',
    ]) {
      mkdirSync(path.join(logs, dir), { recursive: true })
      writeFileSync(path.join(logs, dir, 'access.log'), 'GET / 200\n')
      writeFileSync(path.join(logs, dir, '00000001.log'), 'GET / 200\n')
    }
    const foreign = (): readonly string[] =>
      treeOf(logs).filter((line) => /nginx|gone-|2026-11|access\.log/.test(line))
    const before = foreign()
    expect(before.length).toBeGreaterThan(10)
    for (const words of [['instances'], ['find', 'task=healthy-logged']])
      await hoptrace([...words, '--dir', scene.dataDir])
    expectEnded(await hoptrace(['ship', scene.dataDir]))
    const service = await scene.service('living')
    await service.work({ task: 'living' })
    await service.control('flush')
    // The service looks after the logs of others every 15 s.
    await new Promise((resolve) => setTimeout(resolve, 17_000))
    await service.control('close')
    expect(changesOf(before, foreign())).toEqual([])
  })

  it('17.4 is neither read nor shipped when it is the copy of a run behind a link', async () => {
    await using scene = new Scene()
    await recordTwo(scene)
    const [run = ''] = runDirsOf(scene.dataDir, 'planted')
    const copy = path.join(scene.root, 'elsewhere', path.basename(run))
    mkdirSync(path.dirname(copy))
    cpSync(run, copy, { recursive: true, filter: (name) => !name.endsWith('.sock') })
    rmSync(run, { recursive: true })
    symlinkSync(copy, run)
    const before = treeOf(copy)
    expectEnded(await hoptrace(['ship', scene.dataDir]))
    const { verdict } = await resolved(scene.dataDir, 'task=healthy-logged')
    expect(verdict).toBe('completed')
    expect(changesOf(before, treeOf(copy))).toEqual([])
  })
})
