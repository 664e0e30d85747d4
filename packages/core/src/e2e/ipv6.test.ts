import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createResolver, type ResolveResult } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

const probe = createServer().listen(0, '::1')
const hasIpv6 = await Promise.race([
  once(probe, 'listening').then(() => true),
  once(probe, 'error').then(() => false),
])
probe.close()

async function asked(dir: string, mode: 'iterative' | 'recursive', order: string): Promise<ResolveResult> {
  const resolver = createResolver({ dir, mode })
  return resolver.resolve(`orderId=${order}`).finally(() => resolver.close())
}

/** Where the host has no IPv6 there is nothing to listen on. */
describe.skipIf(!hasIpv6)('a chain over IPv6 alone', () => {
  it('is walked in both modes: what completed, what died, and who cannot be reached', async () => {
    using dir = tempDir()
    const options = { dataDir: dir.path, port: 0, host: '::1', ...quick }
    await using front = await TestService.start({ service: 'front', ...options })
    await using middle = await TestService.start({ service: 'middle', ...options })
    await using back = await TestService.start({ service: 'back', ...options })
    const through = (order: string, path: string) => {
      const last = encodeURIComponent(`${back.url}${path}?order=${order}`)
      const next = encodeURIComponent(`${middle.url}/call?order=${order}&to=${last}`)
      return send(`${front.url}/call?order=${order}&to=${next}`)
    }
    expect((await through('done', '/ok')).status).toBe(200)
    await back.ask({ do: 'flush' })
    const lost = through('lost', '/hang')
    await back.hanging(1)

    const chain = [{ service: 'front' }, { service: 'middle' }, { service: 'back' }]
    for (const mode of ['iterative', 'recursive'] as const) {
      const done = await asked(dir.path, mode, 'done')
      expect(done).toMatchObject({ verdict: 'completed', hops: chain })
      expect(done.reads.scans).toBe(0)
      expect((await asked(dir.path, mode, 'lost')).verdict).toBe('running')
    }
    await back.kill()
    expect((await lost).status).toBe(502)
    expect((await through('refused', '/ok')).status).toBe(502)
    for (const adopted of [false, true]) {
      if (adopted) expect((await adoptAll(dir.path)).adopted).toMatchObject([{ interrupted: 1 }])
      for (const mode of ['iterative', 'recursive'] as const) {
        expect(await asked(dir.path, mode, 'lost')).toMatchObject({
          verdict: 'died',
          endedAt: { service: 'back' },
          lastHealthy: { service: 'middle' },
          hops: chain,
        })
        expect(await asked(dir.path, mode, 'refused')).toMatchObject({
          verdict: 'unreachable',
          endedAt: { service: 'back' },
          hops: chain.slice(0, 2),
        })
        expect((await asked(dir.path, mode, 'done')).verdict).toBe('completed')
      }
    }
  })
})
