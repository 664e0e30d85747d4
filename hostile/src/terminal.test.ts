import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandWords, hoptrace, run } from './processes.fixture.js'
import { questions } from './questions.fixture.js'
import { Scene } from './scene.fixture.js'
import { hasTool } from './tools.fixture.js'

/** One of each kind that a terminal or a reader's eye obeys: C0, DEL, C1, bidirectional, zero width, format characters, tags. */
const controls =
  '\u001b]0;owned\u0007\u0008\u007f\u0085\u009b31m\u00ad\u061c\u200b\u200e\u202e\u2066\u2069\u2028\ufeff\u{e0041}'
const obeyed = /(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

describe('what a record holds of control characters', () => {
  const scene = new Scene()
  beforeAll(async () => {
    const service = await scene.service('orders')
    const evil = `evil${controls}end`
    await service.work({
      task: 'evil',
      keys: { [evil]: evil, customer: evil },
      attributes: { [evil]: evil, note: evil },
      events: [evil],
      error: evil,
    })
    await service.control('flush')
    await service.kill()
    const planted = path.join(scene.dataDir, 'logs', evil)
    mkdirSync(path.join(planted, evil), { recursive: true })
    writeFileSync(path.join(planted, evil, '00000001.log'), evil)
    writeFileSync(path.join(scene.dataDir, 'registry', `${evil}.json`), evil)
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const words = [...questions('evil', 'orders'), ['find', 'customer=x\u202ey'], ['ship']]

  const asked = words.flatMap((question) => [question, [...question, '--json']])
  it.each(asked.map((question) => ({ question, title: question.join(' ').replace('\u202e', '?') })))(
    '17.9 reaches no terminal as it is: $title',
    async ({ question }) => {
      const dir = question[0] === 'ship' ? [scene.dataDir] : ['--dir', scene.dataDir]
      const { code, stdout, stderr } = await hoptrace([...question, ...dir])
      expect([0, 1, 3]).toContain(code)
      expect(obeyed.exec(`${stdout}${stderr}`)?.[0].codePointAt(0)?.toString(16)).toBeUndefined()
    },
  )

  it.runIf(hasTool('script'))('17.9 is as tame in the JSON that a terminal shows', async () => {
    const words = [...commandWords, 'resolve', 'task=evil', '--json', '--dir', scene.dataDir].map(
      (word) => `'${word}'`,
    )
    // The line that says where a slow question is goes to stderr, with controls of the command's own.
    const { stdout } = await run(['script', '-qec', `${words.join(' ')} 2>/dev/null`, '/dev/null'])
    expect(stdout).toContain('evil')
    // The terminal's own line ends.
    expect(obeyed.exec(stdout.replaceAll('\r\n', '\n'))?.[0]).toBeUndefined()
  })

  it('17.9 is as tame in the warnings of a living service', async () => {
    const service = await scene.service('living')
    await service.work({ task: 'one' })
    await service.control('flush')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await service.kill()
    expect(obeyed.exec(service.output)?.[0]).toBeUndefined()
  })
})
