import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterKey, secretsOf, targets } from './outsider.fixture.js'
import type { Service } from './processes.fixture.js'
import { proxySetups, sendRaw } from './proxies.fixture.js'
import { Scene } from './scene.fixture.js'
import { hasTool } from './tools.fixture.js'

const modes = [
  ['without a key', {}, {}],
  ['without a key, in production', {}, { NODE_ENV: 'production' }],
  ['with a key', { clusterKey }, {}],
  ['with a key, in production', { clusterKey }, { NODE_ENV: 'production' }],
] as const

describe.each(modes)('an outsider who asks a service on loopback %s', (_mode, tracer, env) => {
  const scene = new Scene()
  let service: Service
  let secrets: readonly string[] = []
  beforeAll(async () => {
    service = await scene.service('ledger', tracer, { env })
    const { body } = await service.work({
      task: 'hidden-task',
      attributes: { card: 'hidden-card' },
      events: ['hidden.event'],
      error: 'hidden error',
    })
    secrets = [...secretsOf(body.hopId), 'hidden']
    await service.control('flush')
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  /** What came back to it, of all the ways to ask, that should not have. */
  async function leaked(port: number): Promise<string[]> {
    const found: string[] = []
    for (const target of targets(secrets[0] ?? '', service.port)) {
      for (const more of ['', 'accept: text/event-stream\r\n']) {
        const asked = `GET ${target} HTTP/1.1\r\nhost: shop.example\r\n${more}connection: close\r\n\r\n`
        // The application shows the path of what it does not know.
        const answer = (await sendRaw(port, asked)).replace(/Cannot GET [^\n]*/, '')
        const isLeak =
          /^HTTP\/1.1 2/.test(answer) ||
          /^hoptrace:/im.test(answer) ||
          secrets.some((secret) => answer.includes(secret))
        if (isLeak) found.push(`${target}: ${answer.slice(0, 300)}`)
      }
    }
    return found
  }

  for (const [name, tool, setup] of proxySetups) {
    // Where the program is not installed the test is reported as skipped.
    it.runIf(tool === undefined || hasTool(tool))(`18.1 reads 0 bytes through ${name}`, async () => {
      const proxy = await setup(path.join(scene.root, name.replaceAll(/\W/g, '-')), service.port)
      try {
        // It does lead there.
        const direct = await fetch(`http://127.0.0.1:${proxy.port}/work`, { method: 'POST' })
        expect(direct.headers.get('x-powered-by')).toBe('Express')
        expect(await leaked(proxy.port)).toEqual([])
      } finally {
        await proxy.close()
      }
    })
  }

  it('18.1 reads 0 bytes directly, under any host name', async () => {
    expect(await leaked(service.port)).toEqual([])
    for (const host of ['attacker.example', `127.0.0.1:${service.port}`, 'localhost', '[::1]', '']) {
      const asked = `GET /_hoptrace/v1/keys?name=task&value=hidden-task HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`
      const answer = await sendRaw(service.port, asked)
      expect(answer).not.toMatch(/^HTTP\/1.1 2/)
      for (const secret of secrets) expect(answer).not.toContain(secret)
    }
  })

  it('18.1 puts the service to no work by a picture of a page', async () => {
    const before = (await service.control('stats')) as { readonly appended: number }
    for (const target of targets(secrets[0] ?? '', service.port))
      await sendRaw(
        service.port,
        `GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nreferer: http://attacker.example/\r\nsec-fetch-mode: no-cors\r\nsec-fetch-dest: image\r\nconnection: close\r\n\r\n`,
      )
    expect(await service.control('stats')).toMatchObject({ errors: 0, dropped: 0 })
    expect(before.appended).toBeGreaterThan(0)
  })
})
