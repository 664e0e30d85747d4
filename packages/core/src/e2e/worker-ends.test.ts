import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TracerStats } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { adoptAll, eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }
const endable = { execArgv: ['--import', new URL('workers.fixture.mjs', import.meta.url).href] }

async function idsOf(service: TestService, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++)
    ids.push((await send(`${service.url}/ok?order=${i}`)).body.split(' ')[0] ?? '')
  return ids
}

/** Asks again while shipping has stopped. */
function flushed(service: TestService): Promise<unknown> {
  return eventually(() =>
    service.ask({ do: 'flush' }).then(
      () => true,
      () => undefined,
    ),
  )
}

function said(service: TestService): string[] {
  return service.errors.split('\n').filter((line) => line.includes('[HOPTRACE_WORKER]'))
}

describe('a shipping thread that ends', () => {
  it.each([
    ['terminated', 'terminate-worker', 'its thread ended with code 1'],
    ['by an error in its code', 'throw-in-worker', 'TypeError'],
  ] as const)(
    '%s is started again: nothing is lost, one line tells, and its store is its own again',
    async (_, end, reason) => {
      using dir = tempDir()
      const config = { service: 'endures', dataDir: dir.path, port: 0, ...quick }
      await using service = await TestService.start(config, endable)
      const ids = await idsOf(service, 10)
      await service.ask({ do: 'flush' })
      const open = send(`${service.url}/hang?order=open`)
      await service.hanging(1)
      for (let round = 1; round <= 2; round++) {
        ids.push(...(await idsOf(service, 10)))
        await service.ask({ do: end })
        await eventually(async () => said(service).length === round * 2 - 1 || undefined)
        ids.push(...(await idsOf(service, 10)))
        await flushed(service)
        await eventually(async () => said(service).length === round * 2 || undefined)
        ids.push(...(await idsOf(service, 10)))
      }
      await flushed(service)
      expect(said(service)).toEqual([
        expect.stringContaining(reason),
        expect.stringContaining('shipping continues'),
        expect.stringContaining(reason),
        expect.stringContaining('shipping continues'),
      ])
      const stats = (await service.ask({ do: 'stats' })) as TracerStats
      expect(stats).toMatchObject({ appended: ids.length + 1, dropped: 0, errors: 2 })
      expect(stats.shipped).toBeGreaterThanOrEqual(ids.length + 1)
      expect((await fileRegistry(dir.path).list()).rows).toMatchObject([
        { stores: [`level:${path.join(dir.path, 'stores', 'endures')}`], dropped: [], state: 'running' },
      ])
      expect(
        readdirSync(path.join(dir.path, 'stores', 'endures')).filter((name) => name.endsWith('.head')),
      ).toHaveLength(1)
      for (const dead of [false, true]) {
        if (dead) await service.kill()
        expect((await resolveIn(dir.path, 'orderId=open')).verdict).toBe(dead ? 'interrupted' : 'running')
        for (const id of ids) {
          expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'completed', hops: [{ hopId: id }] })
        }
      }
      await open
      expect((await adoptAll(dir.path)).adopted).toMatchObject([{ interrupted: 1, damage: 0 }])
      expect((await resolveIn(dir.path, 'orderId=open')).verdict).toBe('interrupted')
    },
  )
})
