import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }
const closed = 'the tracer was closed before the hop ended'

describe('a tracer that is closed while hops are open', () => {
  it.each([
    // [what the application does afterwards, what its caller gets, the verdict]
    ['answers well', 200, 200, 'completed'],
    ['answers 500', 500, 500, 'undetermined'],
    ['is killed', 'SIGKILL', 502, 'undetermined'],
  ] as const)('ships them as far as they got, and its application %s', async (_, then, seen, verdict) => {
    using dir = tempDir()
    const options = { dataDir: dir.path, port: 0, ...quick }
    await using front = await TestService.start({ service: 'front', ...options })
    await using back = await TestService.start({ service: 'back', ...options })
    const alone = send(`${back.url}/hang?order=alone`)
    const target = encodeURIComponent(`${back.url}/wait?order=called`)
    const pending = send(`${front.url}/call?order=outer&to=${target}`)
    await back.hanging(2)
    await back.ask({ do: 'close' })
    expect(readdirSync(path.join(dir.path, 'logs', 'back'))).toEqual([])
    // The application works on, untraced.
    expect((await send(`${back.url}/ok?order=late`)).status).toBe(200)
    expect((await resolveIn(dir.path, 'orderId=late')).verdict).toBe('not-found')
    if (then === 'SIGKILL') await back.kill()
    else await back.ask({ do: 'release', status: then })
    expect((await pending).status).toBe(seen)
    await front.ask({ do: 'flush' })

    for (const dead of [false, true]) {
      if (dead) {
        await back.kill()
        await alone
        expect(await adoptAll(dir.path)).toMatchObject({ adopted: [], left: [] })
      }
      const own = { service: 'back', state: 'interrupted', crash: closed, source: 'store' }
      const outer = await resolveIn(dir.path, 'orderId=outer')
      expect(outer.verdict).toBe(verdict)
      expect(outer.hops).toMatchObject([
        { service: 'front' },
        { ...own, keys: { orderId: 'called' }, events: [{ name: 'waiting' }] },
      ])
      if (verdict !== 'completed') expect(outer.evidence.join('\n')).toContain('when its tracer was closed')
      const entry = await resolveIn(dir.path, 'orderId=alone')
      expect(entry.verdict).toBe('undetermined')
      expect(entry.hops).toMatchObject([{ ...own, events: [{ name: 'hanging' }] }])
    }
  })
})
