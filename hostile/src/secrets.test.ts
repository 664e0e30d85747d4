import { describe, expect, it } from 'vitest'
import { contentOf } from './content.fixture.js'
import { hoptrace, Service } from './processes.fixture.js'
import { resolved } from './questions.fixture.js'
import { Scene } from './scene.fixture.js'

describe('what a service has of secrets', () => {
  it('17.8 is not the password of a store in anything that is printed', async () => {
    await using scene = new Scene()
    const url = 'hbase+http://user:PASSWORD@127.0.0.1:1'
    const started = await Service.start({
      tracer: { service: 'orders', dataDir: scene.dataDir, store: { kind: 'hbase', url } },
    }).catch((error: unknown) => String(error))
    // Refused where it is made, or taken; shown by neither.
    let said = typeof started === 'string' ? started : ''
    if (started instanceof Service) {
      await started.work({ task: 'one' })
      await new Promise((resolve) => setTimeout(resolve, 3000))
      said = started.output
      await started.kill()
    }
    expect(said).not.toMatch(/PASSWORD/)
    expect(contentOf(scene.dataDir)).not.toContain('PASSWORD')
    const { stdout, stderr } = await hoptrace(['find', 'a=b', '--dir', scene.dataDir, '--store', url])
    expect(stdout + stderr).not.toContain('PASSWORD')
  })

  it('17.8 is no raw path: what a pattern matched is not recorded', async () => {
    await using scene = new Scene()
    const service = await scene.service('orders')
    for (const place of [
      'star/token-one/end',
      'regular/token-two/end',
      'nowhere/token-three',
      'item/%E0token-four',
    ])
      await (await fetch(`${service.url}/${place}`)).text()
    await fetch(`${service.url}/work`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '"password=token-five" is no JSON',
    })
    await service.control('flush')
    const { stdout } = await hoptrace(['range', 'orders', '--since', '1h', '--json', '--dir', scene.dataDir])
    expect(stdout.trim().split('\n')).toHaveLength(5)
    expect(stdout).not.toContain('token')
    expect(contentOf(scene.dataDir)).not.toMatch(/token-/)
  })

  it('17.8 makes a hop throw nothing into the application, whatever it fails with', async () => {
    await using scene = new Scene()
    const service = await scene.service('orders')
    expect((await service.work({ task: 'nasty', nasty: true })).status).toBe(200)
    expect(await resolved(scene.dataDir, 'task=nasty')).toMatchObject({ hops: [{ service: 'orders' }] })
  })
})
