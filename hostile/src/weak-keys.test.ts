import { describe, expect, it } from 'vitest'
import { hoptrace } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

describe('a key that is weak', () => {
  it.each(['x', 'short', ' '.repeat(40), 'ab'.repeat(30)])(
    '17.12, 18.7 is refused by the command: %j',
    async (key) => {
      await using scene = new Scene()
      const { code, stderr } = await hoptrace(['instances', '--dir', scene.dataDir], {
        env: { HOPTRACE_KEY: key },
      })
      expect(code).toBe(2)
      expect(stderr).toContain('hoptrace key')
      expect(stderr).not.toContain(key)
    },
  )

  it.each(['x', ' '.repeat(40), 'ab'.repeat(30)])('18.7 is refused by a service: %j', async (clusterKey) => {
    await using scene = new Scene()
    await expect(scene.service('orders', { clusterKey })).rejects.toThrow('hoptrace key')
  })
})

describe('the name of a service', () => {
  it.each(['..', '.'])('17.12 is none that names a directory elsewhere: %j', async (service) => {
    await using scene = new Scene()
    await expect(scene.service(service)).rejects.toThrow('service must')
  })
})
