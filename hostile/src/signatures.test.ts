import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterKeys } from '../../packages/core/src/key/index.js'
import { sign } from '../../packages/core/src/ask/sign.js'
import { ask, runsOf, type RunName } from './ask.fixture.js'
import { clusterKey } from './outsider.fixture.js'
import type { Service } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

const keys = clusterKeys(clusterKey, true)
const otherKeys = clusterKeys('aVnother0keyWq3Zt7Hq4n2kX9cJw5LdPz6uR8sEoA1', true)

describe('a signed question', () => {
  const scene = new Scene()
  let one: Service
  let other: Service
  let runs: ReadonlyMap<string, RunName>
  beforeAll(async () => {
    one = await scene.service('one', { clusterKey })
    other = await scene.service('other', { clusterKey })
    for (const service of [one, other]) {
      await service.work({ task: 'hidden' })
      await service.control('flush')
    }
    runs = new Map(runsOf(scene.dataDir).map((run) => [run.service, run]))
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const question = (
    service: string,
    more = '',
  ): { run: string; host: string; method: string; target: string } => {
    const { run = '', host = '' } = runs.get(service) ?? {}
    const target = `/_hoptrace/v1/keys?name=task&value=hidden&run=${encodeURIComponent(run)}${more}`
    return { run, host, method: 'GET', target }
  }

  it('18.4 is answered once, by the run that it names, whichever process of the host it reaches', async () => {
    for (const port of [one.port, other.port]) {
      const asked = question('one')
      const headers = sign(keys, asked)
      expect(await ask({ port }, asked.target, headers)).toMatchObject({ status: 200, ended: true })
      for (const again of [one.port, other.port])
        expect(await ask({ port: again }, asked.target, headers)).toMatchObject({ status: 401, text: '' })
    }
  })

  it('18.7 is answered where the registry says by a service that traces one path alone', async () => {
    const mounted = await scene.service('mounted', { clusterKey }, { env: { MOUNT: '/api' } })
    const named = runsOf(scene.dataDir).find(({ service }) => service === 'mounted')
    const { run = '', host = '' } = named ?? {}
    const target = `/_hoptrace/v1/instance?run=${encodeURIComponent(run)}`
    const asked = { run, host, method: 'GET', target }
    await expect
      .poll(async () => (await ask({ port: mounted.port }, target, sign(keys, asked))).status, {
        timeout: 20_000,
      })
      .toBe(200)
    expect(await ask({ port: mounted.port }, target)).toMatchObject({ status: 401, text: '' })
    const elsewhere = { ...asked, target: `/api${target}` }
    expect(await ask({ port: mounted.port }, elsewhere.target, sign(keys, elsewhere))).toMatchObject({
      status: 404,
    })
  })

  it('18.4 is good for no other run, host, target, time or key', async () => {
    const asked = question('one')
    const wrong: readonly (readonly [string, string, Record<string, string>])[] = [
      ['another run', question('other').target, sign(keys, asked)],
      ['another target', question('one', '&limit=1000').target, sign(keys, asked)],
      ['another host', asked.target, sign(keys, { ...asked, host: 'elsewhere' })],
      ['another method', asked.target, sign(keys, { ...asked, method: 'POST' })],
      ['long ago', asked.target, sign(keys, asked, Date.now() - 60_000)],
      ['not yet', asked.target, sign(keys, asked, Date.now() + 60_000)],
      ['another key', asked.target, sign(otherKeys, asked)],
      ['none', asked.target, {}],
    ]
    for (const [what, target, headers] of wrong)
      for (const { port } of [one, other]) {
        const { status, text } = await ask({ port }, target, headers)
        expect({ what, status, text }).toEqual({ what, status: 401, text: '' })
      }
  })
})
