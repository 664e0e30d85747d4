import { randomBytes } from 'node:crypto'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { hopIdNanos, type HopId } from '../index.js'
import { IdGenerator } from '../id/index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { contextOf } from './context.fixture.js'
import { adoptAll, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }
/** Less than the distance from which ids are not believed. */
const ahead = 8 * 60_000

function clocked(dir: string) {
  const file = path.join(dir, 'offset')
  writeFileSync(file, '0')
  return {
    options: {
      execArgv: ['--import', new URL('clock.fixture.mjs', import.meta.url).href],
      env: { CLOCK_OFFSET_FILE: file },
    },
    step: async (millis: number): Promise<void> => {
      writeFileSync(file, String(millis))
      await sleep(300)
    },
  }
}

async function idsOf(service: TestService, count: number): Promise<HopId[]> {
  const ids: HopId[] = []
  for (let i = 0; i < count; i++) ids.push((await send(`${service.url}/ok`)).body.split(' ')[0] as HopId)
  return ids
}

async function expectAllFound(dir: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    expect(await resolveIn(dir, id)).toMatchObject({ verdict: 'completed', hops: [{ hopId: id }] })
  }
}

describe('time', () => {
  it('that steps forward, back, and back again leaves ids increasing and every hop findable, also after a death', async () => {
    using dir = tempDir()
    const clock = clocked(dir.path)
    const options = { service: 'clocked', dataDir: dir.path, port: 0, ...quick }
    const ids: HopId[] = []
    let port = 0
    {
      await using service = await TestService.start(options, clock.options)
      port = service.port
      for (const step of [0, ahead, 0, -ahead, 5000]) {
        await clock.step(step)
        ids.push(...(await idsOf(service, 3)))
        await service.ask({ do: 'flush' })
        await expectAllFound(dir.path, ids)
      }
      const pending = send(`${service.url}/hang?order=lost`)
      await service.hanging(1)
      await sleep(2500)
      await service.kill()
      await pending
    }
    expect(await resolveIn(dir.path, 'orderId=lost')).toMatchObject({ verdict: 'interrupted' })
    await adoptAll(dir.path)
    // The clock of the next run is right again: hours before the ids of the previous run.
    await clock.step(0)
    await using next = await TestService.start({ ...options, port }, clock.options)
    ids.push(...(await idsOf(next, 3)))
    await next.ask({ do: 'flush' })
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(ids.length)
    await expectAllFound(dir.path, ids)
    expect(await resolveIn(dir.path, 'orderId=lost')).toMatchObject({ verdict: 'interrupted' })
  })

  it('that was set back between two runs does not bring an id back', async () => {
    using dir = tempDir()
    const options = { service: 'again', dataDir: dir.path, port: 0, ...quick }
    const ids: HopId[] = []
    {
      await using service = await TestService.start(options)
      ids.push(...(await idsOf(service, 2)))
      await service.ask({ do: 'close' })
    }
    // As if all that had happened in some minutes.
    const registry = path.join(dir.path, 'registry')
    const later = (Date.now() + ahead) / 1000
    for (const name of readdirSync(registry)) utimesSync(path.join(registry, name), later, later)
    await using service = await TestService.start(options)
    ids.push(...(await idsOf(service, 20)))
    await service.ask({ do: 'flush' })
    expect(ids).toEqual([...ids].sort())
    expect(new Set(ids).size).toBe(ids.length)
    expect(hopIdNanos(ids.at(-1) as HopId)).toBeGreaterThan(BigInt(Date.now() + ahead - 60_000) * 1_000_000n)
    await expectAllFound(dir.path, ids)
  })

  it('that differs between hosts: ids of the last minute are adopted, others of five minutes found under the id that was given', async () => {
    using dir = tempDir()
    await using service = await TestService.start({ service: 'here', dataDir: dir.path, port: 0, ...quick })
    const assignedAt = (minutes: number): HopId => {
      const wallMillis = () => Date.now() + minutes * 60_000
      const ids = new IdGenerator({ clock: { hrtime: () => process.hrtime(), wallMillis } })
      return ids.assign({ ip: '127.0.0.1', port: service.port })
    }
    const found = new Map<number, { id: HopId; own: string }>()
    for (const minutes of [-10, -2, -0.5, 2]) {
      const id = assignedAt(minutes)
      const { body } = await send(
        `${service.url}/ok`,
        contextOf(dir.path, id, randomBytes(16).toString('hex')),
      )
      found.set(minutes, { id, own: body.split(' ')[0] as string })
    }
    // Signed ten minutes ago: a replay looks the same, so its sender counts as a stranger.
    found.delete(-10)
    for (const [minutes, { id, own }] of found) {
      expect({ minutes, adopted: own === id }).toEqual({ minutes, adopted: minutes === -0.5 })
    }
    for (const dead of [false, true]) {
      if (dead) await service.kill()
      for (const { id, own } of found.values()) {
        const result = await resolveIn(dir.path, id)
        // Its caller has no record here, so its end is not known.
        expect(['completed', 'undetermined']).toContain(result.verdict)
        expect(result.hops.map(({ hopId }) => hopId)).toContain(own)
      }
      if (!dead) await service.ask({ do: 'flush' })
    }
  })
})
