import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { createResolver, type HopJson, type ResolveResult } from '../index.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

function logsOf(dir: string, service: string): string[] {
  return readdirSync(path.join(dir, 'logs', service)).filter((name) => !name.startsWith('.'))
}

/** A request that hangs in `back`, which `front` calls, and a finished one. Kills `back`. */
async function killWithOneInHand(front: TestService, back: TestService): Promise<void> {
  await send(`${front.url}/call?order=done&to=${encodeURIComponent(`${back.url}/ok?order=done`)}`)
  // Its recorder, which takes the lock by which it is known to live, has begun.
  await back.ask({ do: 'flush' })
  const pending = send(`${front.url}/call?order=lost&to=${encodeURIComponent(`${back.url}/hang?order=lost`)}`)
  await back.hanging(1)
  await back.kill()
  await pending
}

function expectDiedIn(result: ResolveResult, service: string): void {
  expect(result).toMatchObject({ verdict: 'died', endedAt: { service } })
  expect(result.hops.at(-1)).toMatchObject({ service, state: 'interrupted', events: [{ name: 'hanging' }] })
}

describe('what a killed process leaves', () => {
  it('is shipped by the next start of its service', async () => {
    using dir = tempDir()
    await using front = await TestService.start({ service: 'front', dataDir: dir.path, port: 0, ...quick })
    await using back = await TestService.start({ service: 'back', dataDir: dir.path, port: 0, ...quick })
    await killWithOneInHand(front, back)
    expectDiedIn(await resolveIn(dir.path, 'orderId=lost'), 'back')
    const [dead] = logsOf(dir.path, 'back')
    await using next = await TestService.start({
      service: 'back',
      dataDir: dir.path,
      port: back.port,
      ...quick,
    })
    expect((await send(`${next.url}/ok`)).status).toBe(200)
    await eventually(async () => (logsOf(dir.path, 'back').includes(dead as string) ? undefined : true))
    expectDiedIn(await resolveIn(dir.path, 'orderId=lost'), 'back')
    expect((await resolveIn(dir.path, 'orderId=lost')).hops.at(-1)?.source).not.toBe('log')
    expect((await resolveIn(dir.path, 'orderId=done')).verdict).toBe('completed')
  })

  it('is shipped by a living process of another service', async () => {
    using dir = tempDir()
    await using front = await TestService.start({ service: 'front', dataDir: dir.path, port: 0, ...quick })
    await using back = await TestService.start({ service: 'back', dataDir: dir.path, port: 0, ...quick })
    await killWithOneInHand(front, back)
    await eventually(async () => (logsOf(dir.path, 'back').length > 0 ? undefined : true))
    expectDiedIn(await resolveIn(dir.path, 'orderId=lost'), 'back')
    expect((await resolveIn(dir.path, 'orderId=done')).verdict).toBe('completed')
    expect(front.errors).toContain('HOPTRACE_ADOPTED')
  })

  it('is nothing if its first request killed it, and then it is known to have died with that request', async () => {
    using dir = tempDir()
    await using front = await TestService.start({ service: 'front', dataDir: dir.path, port: 0, ...quick })
    await using back = await TestService.start({ service: 'back', dataDir: dir.path, port: 0, ...quick })
    await send(`${front.url}/call?order=7&to=${encodeURIComponent(`${back.url}/stall?millis=0`)}`)
    await back.ended
    const died = { verdict: 'died', endedAt: { service: 'back' } }
    expect(await resolveIn(dir.path, 'orderId=7')).toMatchObject(died)
    await adoptAll(dir.path)
    expect(logsOf(dir.path, 'back')).toEqual([])
    expect(await resolveIn(dir.path, 'orderId=7')).toMatchObject(died)
  })

  it('is in a range whose rows are from before the log was shipped', async () => {
    using dir = tempDir()
    await using back = await TestService.start({ service: 'back', dataDir: dir.path, port: 0, ...quick })
    expect((await send(`${back.url}/ok?order=1`)).status).toBe(200)
    const registry = fileRegistry(dir.path)
    const before = await registry.list()
    await back.kill()
    expect((await adoptAll(dir.path)).adopted).toHaveLength(1)
    let lists = 0
    const list = async () => (lists++ === 0 ? before : await registry.list())
    const resolver = createResolver({ dir: dir.path, registry: { ...registry, list } })
    const hops: HopJson[] = []
    for await (const hop of resolver.range({ service: 'back', from: 0 })) hops.push(hop)
    await resolver.close()
    expect(hops).toMatchObject([{ service: 'back', status: 200 }])
    expect(lists).toBe(2)
  })

  it('is taken by one of several that try at once, and a stopped process keeps its own', async () => {
    using dir = tempDir()
    await using front = await TestService.start({ service: 'front', dataDir: dir.path, port: 0, ...quick })
    await using back = await TestService.start({ service: 'back', dataDir: dir.path, port: 0, ...quick })
    await killWithOneInHand(front, back)
    await front.kill('SIGSTOP')
    const reports = await Promise.all([adoptAll(dir.path), adoptAll(dir.path), adoptAll(dir.path)])
    expect(reports.flatMap(({ adopted }) => adopted.map(({ run }) => run.service))).toEqual(['back'])
    expect(logsOf(dir.path, 'front')).toHaveLength(1)
    await front.kill('SIGCONT')
    expect((await send(`${front.url}/ok`)).status).toBe(200)
    expectDiedIn(await resolveIn(dir.path, 'orderId=lost'), 'back')
  })

  it('waits for a store that cannot be opened, is said to wait once, and is shipped when it can', async () => {
    using dir = tempDir()
    const config = { service: 'back', dataDir: dir.path, port: 0, ...quick }
    const store = path.join(dir.path, 'former-store')
    let port = 0
    {
      await using back = await TestService.start({ ...config, store: { kind: 'level', dir: store } })
      port = back.port
      await send(`${back.url}/ok?order=done`)
      await back.ask({ do: 'flush' })
      const pending = send(`${back.url}/hang?order=lost`)
      await back.hanging(1)
      await back.kill()
      await pending
    }
    const [dead] = logsOf(dir.path, 'back')
    renameSync(store, `${store}-aside`)
    writeFileSync(store, 'in the way')
    await using next = await TestService.start({ ...config, port })
    expect((await send(`${next.url}/ok`)).status).toBe(200)
    await eventually(async () => next.errors.includes('HOPTRACE_ADOPT') || undefined)
    // Answers come from its log for as long as no process can ship it.
    expect((await resolveIn(dir.path, 'orderId=lost')).hops).toMatchObject([
      { state: 'interrupted', source: 'log' },
    ])
    expect((await send(`${next.url}/ok`)).status).toBe(200)
    rmSync(store)
    renameSync(`${store}-aside`, store)
    await eventually(async () => (logsOf(dir.path, 'back').includes(dead as string) ? undefined : true))
    expect((await resolveIn(dir.path, 'orderId=lost')).verdict).toBe('interrupted')
    expect((await resolveIn(dir.path, 'orderId=lost')).hops).toMatchObject([{ source: 'store' }])
    expect((await resolveIn(dir.path, 'orderId=done')).verdict).toBe('completed')
    expect(next.errors.match(/\[HOPTRACE_ADOPT\]/g)).toHaveLength(1)
  })
})
