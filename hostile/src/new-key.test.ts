import { describe, expect, it } from 'vitest'
import { hoptrace } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

describe('a weak key', () => {
  it('18.7 is never what hoptrace key prints', async () => {
    await using scene = new Scene()
    const { code, stdout } = await hoptrace(['key'])
    expect(code).toBe(0)
    expect(Buffer.from(stdout.trim(), 'base64url')).toHaveLength(32)
    const env = { HOPTRACE_KEY: stdout.trim() }
    expect((await hoptrace(['instances', '--dir', scene.dataDir], { env })).code).not.toBe(2)
    expect((await hoptrace(['key'])).stdout).not.toBe(stdout)
  })
})
