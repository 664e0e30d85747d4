import { readdirSync, rmSync, statSync, chmodSync, chownSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './processes.fixture.js'
import { resolved } from './questions.fixture.js'
import { isRoot, otherUser, Scene } from './scene.fixture.js'

const ownGroup = process.getgid?.() ?? 0

const odd = [
  '\\',
  '\n',
  '"',
  '\\n',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\u0000',
  'é',
  '0',
  '-1',
]

describe('names that an application gives', () => {
  it.each(['live', 'in the log', 'in the store'])('17.11 are data, whatever they are: %s', async (where) => {
    await using scene = new Scene()
    const service = await scene.service('orders')
    const named = JSON.parse(
      `{${odd.map((name, index) => `${JSON.stringify(name)}:"v${index}"`).join(',')}}`,
    ) as Record<string, string>
    const attributes = Object.fromEntries(Object.entries(named).filter(([name]) => name !== '__proto__'))
    for (let round = 0; round < 3; round++)
      await service.work({ task: `odd-${round}`, attributes: named, keys: attributes, events: odd })
    if (where === 'in the store') await service.control('flush')
    if (where !== 'live') await service.kill()
    for (let round = 0; round < 3; round++) {
      const { hops } = await resolved(scene.dataDir, `task=odd-${round}`)
      expect(hops).toHaveLength(1)
      const [hop] = hops
      for (const [name, value] of Object.entries(attributes)) {
        expect(Object.getOwnPropertyDescriptor(hop?.attributes, name)?.value).toBe(value)
        expect(Object.getOwnPropertyDescriptor(hop?.keys, name)?.value).toBe(value)
      }
      expect(Object.getOwnPropertyDescriptor(hop?.attributes, '__proto__')?.value).toBe(named['__proto__'])
      expect(hop?.events.map(({ name }) => name)).toEqual(odd)
    }
  })
})

describe('who may read what a service writes', () => {
  it.each(['000', '022', '077'])('17.7 is its user and group, whatever the umask: %s', async (umask) => {
    await using scene = new Scene()
    const service = await scene.service('orders', {}, { umask })
    await service.work({ task: 'one' })
    await service.control('flush')
    await service.work({ task: 'two' })
    const entries = readdirSync(scene.dataDir, { recursive: true, encoding: 'utf8' })
    expect(entries.length).toBeGreaterThan(5)
    const open = entries
      .map((name) => ({ name, stat: statSync(path.join(scene.dataDir, name)) }))
      .filter(
        ({ stat }) =>
          (stat.mode & 0o777 & ~(stat.isDirectory() ? 0o750 : stat.isSocket() ? 0o660 : 0o640)) !== 0,
      )
      .map(({ name, stat }) => `${name} ${(stat.mode & 0o777).toString(8)}`)
    expect(open).toEqual([])
    // The umask takes no right from the group.
    const logs = entries.filter((name) => name.endsWith('.log'))
    expect(logs.every((name) => (statSync(path.join(scene.dataDir, name)).mode & 0o777) === 0o640)).toBe(true)
  })

  it.runIf(isRoot)('17.7 is all of the group where services of several users say so', async () => {
    await using scene = new Scene()
    rmSync(scene.dataDir, { recursive: true })
    const shared = { access: 'group' } as const
    const mine = await scene.service('mine', shared, { umask: '077' })
    await mine.work({ task: 'mine' })
    const theirs = await scene.service('theirs', shared, { uid: otherUser, gid: ownGroup, umask: '022' })
    await theirs.work({ task: 'theirs', call: [`${mine.url}/work`] })
    for (const service of [mine, theirs]) await service.control('flush')
    await mine.work({ task: 'left' })
    await mine.kill()
    // The other user ships what is left.
    const shipped = await hoptrace(['ship', scene.dataDir, '--json'], {
      uid: otherUser,
      gid: ownGroup,
      env: { HOPTRACE_ACCESS: 'group' },
    })
    expect({ code: shipped.code, stderr: shipped.stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(shipped.stdout)).toMatchObject({ shipped: [{ service: 'mine' }], left: [] })
    for (const task of ['mine', 'theirs', 'left'])
      expect((await resolved(scene.dataDir, `task=${task}`)).verdict).toBe('completed')
    const entries = ['.', ...readdirSync(scene.dataDir, { recursive: true, encoding: 'utf8' })]
    const stats = entries.map((name) => statSync(path.join(scene.dataDir, name)))
    expect(new Set(stats.map(({ gid }) => gid))).toEqual(new Set([ownGroup]))
    const modes = stats.map(
      (stat) => `${stat.isDirectory() ? 'directory' : 'file'} ${(stat.mode & 0o7777).toString(8)}`,
    )
    expect([...new Set(modes)].sort()).toEqual(['directory 2770', 'file 660'])
    chmodSync(scene.dataDir, 0o2777)
    await expect(scene.service('late', shared)).rejects.toThrow(/can be written by other users.*chmod o-w/s)
  })

  it('17.7 is not every user: a data directory that others can write is refused', async () => {
    await using scene = new Scene()
    chmodSync(scene.dataDir, 0o777)
    await expect(scene.service('orders')).rejects.toThrow(/can be written by other users.*chmod go-w/s)
  })

  it.runIf(isRoot)("17.7 is not another user: a data directory of somebody else's is refused", async () => {
    await using scene = new Scene()
    chownSync(scene.dataDir, otherUser, otherUser)
    await expect(scene.service('orders')).rejects.toThrow(/belongs to user 65534/)
  })
})
