import { describe, expect, it } from 'vitest'
import type { ResolveResult } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import type { ServiceConfig } from './service.fixture.js'
import { adoptAll, eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

/** Lets a service that `front` calls end in some way, and asks how its request went: from its log, then from its store. */
async function end(
  handler: string,
  more: Partial<ServiceConfig> = {},
  signal?: NodeJS.Signals,
): Promise<{ fromLog: ResolveResult; adopted: ResolveResult }> {
  using dir = tempDir()
  await using front = await TestService.start({ service: 'front', dataDir: dir.path, port: 0, ...quick })
  await using back = await TestService.start({
    service: 'back',
    dataDir: dir.path,
    port: 0,
    ...quick,
    ...more,
  })
  await send(`${front.url}/call?to=${encodeURIComponent(`${back.url}/ok`)}`)
  await Promise.all([front.ask({ do: 'flush' }), back.ask({ do: 'flush' })])
  const target = encodeURIComponent(`${back.url}${handler}`)
  const pending = send(`${front.url}/call?order=7&to=${target}`)
  if (signal !== undefined) {
    await back.hanging(1)
    await back.kill(signal)
  }
  await back.ended
  expect((await pending).status).toBe(502)
  const fromLog = await resolveIn(dir.path, 'orderId=7')
  expect((await adoptAll(dir.path)).adopted).toMatchObject([{ run: { service: 'back' }, interrupted: 1 }])
  const adopted = await resolveIn(dir.path, 'orderId=7')
  expect(adopted.hops.at(-1)?.source).toBe('store')
  return { fromLog, adopted }
}

function expectReason(
  results: { fromLog: ResolveResult; adopted: ResolveResult },
  crash: string | null,
): void {
  for (const result of [results.fromLog, results.adopted]) {
    expect(result).toMatchObject({ verdict: 'died', endedAt: { service: 'back' } })
    expect(result.hops).toMatchObject([{ crash: null }, { service: 'back', state: 'interrupted', crash }])
    const said = result.evidence.filter((line) => line.includes('left a reason'))
    expect(said).toEqual(crash === null ? [] : [expect.stringContaining(crash)])
  }
}

describe('the reason why a process ended', () => {
  it.each([
    ['an uncaught exception', '/throw', 'uncaughtException: RangeError: boom'],
    ['an unhandled rejection', '/reject', 'unhandledRejection: TypeError: nobody caught this'],
    ['an exit with a code', '/exit?code=3', 'the process exited with code 3'],
    ['an exit that claims success', '/exit?code=0', 'the process exited with code 0'],
  ])('is with the hop that %s interrupted', async (_, handler, crash) => {
    expectReason(await end(handler), crash)
  })

  it.each(['SIGTERM', 'SIGKILL', 'SIGSEGV'] as const)('is not made up where %s ended it', async (signal) => {
    expectReason(await end('/hang', {}, signal), null)
  })

  it('is not made up where the process aborted', async () => {
    expectReason(await end('/abort'), null)
  })

  it('is what an application does about a signal that it handles itself', async () => {
    expectReason(await end('/hang', { handles: ['SIGTERM'] }, 'SIGTERM'), 'the process exited with code 0')
  })

  it('is not an exception that the application survived and that a later exit has nothing to do with', async () => {
    for (const [later, code] of [
      [[], 0],
      [['/ok'], 0],
      [['/ok'], 4],
    ] as const) {
      using dir = tempDir()
      const config = { service: 'survivor', dataDir: dir.path, port: 0, ...quick }
      await using service = await TestService.start({ ...config, handles: ['uncaughtException'] })
      const pending = send(`${service.url}/throw?order=1`)
      await eventually(async () => ((await service.ask({ do: 'caught' })) === 1 ? true : undefined))
      for (const path of later) expect((await send(`${service.url}${path}`)).status).toBe(200)
      await service.ask({ do: 'flush' })
      service.ask({ do: 'exit', code }).catch(() => undefined)
      await service.ended
      await pending
      const crash = `the process exited with code ${code}`
      expect(await resolveIn(dir.path, 'orderId=1')).toMatchObject({
        hops: [{ state: 'interrupted', crash }],
      })
      await adoptAll(dir.path)
      expect(await resolveIn(dir.path, 'orderId=1')).toMatchObject({ hops: [{ source: 'store', crash }] })
    }
  })

  it('is told beside the exit of an application that catches an exception and exits for it', async () => {
    expectReason(
      await end('/throw', { handles: ['uncaughtException'], exitsWhenCaught: 7 }),
      'the process exited with code 7, after uncaughtException: RangeError: boom',
    )
  })

  it('is not an exception that the application survived', async () => {
    using dir = tempDir()
    await using service = await TestService.start({
      service: 'survivor',
      dataDir: dir.path,
      port: 0,
      ...quick,
      handles: ['uncaughtException'],
    })
    const pending = send(`${service.url}/throw?order=1`)
    expect((await send(`${service.url}/ok?order=2`)).status).toBe(200)
    await service.ask({ do: 'flush' })
    await service.kill()
    await pending
    const result = await resolveIn(dir.path, 'orderId=1')
    expect(result).toMatchObject({ hops: [{ state: 'interrupted', crash: null }] })
  })

  it('leaves an application what it is: no listener of a signal is added', async () => {
    using dir = tempDir()
    await using service = await TestService.start({ service: 'quiet', dataDir: dir.path, port: 0, ...quick })
    expect((await send(`${service.url}/ok`)).status).toBe(200)
    expect(await service.ask({ do: 'listeners' })).toEqual({
      SIGTERM: 0,
      SIGINT: 0,
      SIGHUP: 0,
      uncaughtException: 0,
    })
    await service.kill('SIGTERM')
    expect(service.child.signalCode).toBe('SIGTERM')
  })
})
