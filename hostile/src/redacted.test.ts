import { describe, expect, it } from 'vitest'
import { contentOf } from './content.fixture.js'
import { clusterKey } from './outsider.fixture.js'
import { hoptrace } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

describe('what a service has of secrets', () => {
  it('17.8 is not the cluster key in anything that is printed', async () => {
    await using scene = new Scene()
    const service = await scene.service('orders', { clusterKey })
    const shown = (await service.control('inspect')) as string
    expect(shown).toContain('orders')
    expect(shown).not.toContain(clusterKey)
    const bytes = Buffer.from(clusterKey, 'base64url')
    for (const form of [
      bytes.toString('hex'),
      bytes.toString('base64'),
      [...bytes.subarray(0, 8)].join(', '),
    ])
      expect(shown).not.toContain(form)
    await service.work({ task: 'one' })
    await service.control('flush')
    expect(contentOf(scene.dataDir)).not.toContain(clusterKey)
    expect(service.output).not.toContain(clusterKey)
  })

  it('17.8 is nothing that redact takes out, wherever the application wrote it', async () => {
    await using scene = new Scene()
    const service = await scene.service('orders', {}, { env: { REDACT: '1' } })
    // A secret across the place where a message is cut.
    const long = `${'x'.repeat(1018)}secret-123456789`
    for (const error of [
      long,
      'refused: secret-1',
      `${'y'.repeat(250)}secret-22`,
      `${'z'.repeat(508)}secret-3333333333`,
    ])
      await service.work({
        task: 'secret-4',
        attributes: { note: 'secret-5' },
        events: ['taken.secret-6'],
        error,
      })
    await service.control('flush')
    const { stdout } = await hoptrace(['range', 'orders', '--since', '1h', '--json', '--dir', scene.dataDir])
    expect(stdout.trim().split('\n')).toHaveLength(4)
    expect(stdout).not.toMatch(/secret|secre"|xsec/)
    expect(contentOf(scene.dataDir)).not.toMatch(/secret-/)
  })
})
