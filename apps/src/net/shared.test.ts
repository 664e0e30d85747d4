import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeNetwork } from './describe-network.js'
import { hoptraceOn } from './hoptrace-on.js'
import { Site } from './site.js'
import { expectVerdict, MODES, order, servicesOf, verdictOf } from './told.js'

describeNetwork('what hosts share', () => {
  let site: Site

  beforeAll(async () => {
    site = await Site.open()
  })
  afterEach(() => site.clear())
  afterAll(() => site.close())

  it.each(['empty', 'cut', 'flipped'])(
    'is a registry in which the row of the dead is %s: no verdict comes of that',
    async (damage) => {
      const b = await site.start('b', { service: 'b' })
      const a = await site.start('a', { service: 'a', next: [b.url] })
      await order(site, `${a.url}/do/well`)
      await expectVerdict(site, 'n=well', 'completed')
      await order(site, `${a.url}/do/dead?die=b`)
      await b.ended
      const folder = path.join(site.dataDir, 'registry')
      for (const name of await readdir(folder)) {
        const file = path.join(folder, name)
        const text = await readFile(file, 'utf8')
        if (!text.includes('"b"')) continue
        const middle = text.indexOf('"b"') + 1
        if (damage === 'empty') await writeFile(file, '')
        if (damage === 'cut') await writeFile(file, text.slice(0, text.length / 2))
        if (damage === 'flipped') await writeFile(file, `${text.slice(0, middle)}c${text.slice(middle + 1)}`)
      }
      for (const mode of MODES) {
        const answer = await site.asker.resolve('n=dead', { ...site.where, mode })
        const told = [...answer.evidence, ...answer.warnings].join('; ')
        expect(['died b', 'undetermined b', 'undetermined a'], told).toContain(verdictOf(answer))
        if (answer.verdict === 'undetermined') expect(told).toMatch(/regist/)
      }
    },
  )

  it('is a data directory that is moved elsewhere: questions read it there, and change nothing', async () => {
    const b = await site.start('b', { service: 'b' })
    const a = await site.start('a', { service: 'a', next: [b.url] })
    for (let n = 0; n < 5; n++) await order(site, `${a.url}/do/${n}`)
    await order(site, `${a.url}/do/dead?die=b`)
    await b.ended
    a.kill('SIGTERM')
    await a.ended
    await site.asker.ship(site.dataDir, [])
    const copy = `${site.dataDir}-copy`
    await cp(site.dataDir, copy, { recursive: true, filter: isNoSocket })
    const away = `${site.dataDir}-away`
    await rename(site.dataDir, away)
    try {
      const before = await filesOf(copy)
      await expectVerdict(site, 'n=3', 'completed', { dir: copy })
      await expectVerdict(site, 'n=dead', 'died b', { dir: copy })
      expect(await filesOf(copy)).toEqual(before)
    } finally {
      await rename(away, site.dataDir)
      await rm(copy, { recursive: true, force: true })
    }
  })

  it('is nothing at all: that is said, and what to do', async () => {
    const [own, other] = [path.join(site.dataDir, 'a'), path.join(site.dataDir, 'b')]
    const b = await site.start('b', { service: 'b', dataDir: other })
    const a = await site.start('a', { service: 'a', next: [b.url], dataDir: own })
    await order(site, `${a.url}/do/apart`)
    const answer = await site.asker.resolve('n=apart', { dir: own })
    expect(answer.verdict).toBe('undetermined')
    expect(answer.evidence.join('; ')).toMatch(/shares? no registry/)
    // And each is whole for itself.
    const { hops } = await site.asker.range('b', { dir: other })
    expect(hops).toHaveLength(1)
    b.kill('SIGKILL')
    await b.ended
    const { output } = await hoptraceOn(
      site.network.host('b'),
      { HOPTRACE_KEY: site.key },
      'instances',
      '--json',
      '--all',
      '--dir',
      other,
    )
    expect(JSON.parse(output)).toMatchObject([{ service: 'b', state: 'dead' }])
  })

  it('is a disk, and a process on one host is stopped: the other tells what it left', async () => {
    const b = await site.start('b', { service: 'b' })
    const a = await site.start('a', { service: 'a', next: [b.url] })
    await order(site, `${a.url}/do/well`)
    b.kill('SIGSTOP')
    expect((await order(site, `${a.url}/do/stopped`)).status).toBe(502)
    for (const mode of MODES) {
      const well = await site.asker.resolve('n=well', { ...site.where, mode })
      expect(verdictOf(well), well.evidence.join('; ')).toMatch(/^(completed|undetermined)/)
      const stopped = await site.asker.resolve('n=stopped', { ...site.where, mode })
      expect(verdictOf(stopped), stopped.evidence.join('; ')).toMatch(
        /^(undetermined|unreachable b|failed b)/,
      )
    }
    b.kill('SIGCONT')
    const well = await expectVerdict(site, 'n=well', 'completed')
    expect(servicesOf(well)).toEqual(['a', 'b'])
  })
})

async function filesOf(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort()
}

/** Sockets are not copied, as no backup does. */
function isNoSocket(file: string): boolean {
  return !file.endsWith('.sock')
}
