import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createResolver, createTracer } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'

it('with HOPTRACE_RETENTION, disk and registry stop growing, however often a service is started', async () => {
  using dir = tempDir()
  const options = { service: 'orders', dataDir: dir.path, windowMillis: 100, graceMillis: 0 } as const
  const runs: string[] = []
  /** One run of the service: a burst of jobs, each with a kilobyte of noise that no compression shortens. */
  const run = async (jobs: number): Promise<void> => {
    const tracer = createTracer(options)
    for (let job = 0; job < jobs; job++) {
      const id = tracer.run({ name: 'job' }, () => {
        tracer.hop?.setKey('job', String(runs.length))
        tracer.hop?.setAttributes({ noise: noise() })
        return tracer.hop?.id ?? ''
      })
      if (job === 0) runs.push(id)
    }
    await tracer.close()
  }
  for (let restart = 0; restart < 5; restart++) await run(300)
  const grown = { disk: bytesBelow(path.join(dir.path, 'stores')), rows: rowsIn(dir.path) }
  expect(grown.rows).toBe(5)

  vi.stubEnv('HOPTRACE_RETENTION', '2s')
  onTestFinished(() => void vi.unstubAllEnvs())
  // What a run deletes, it deletes in the first seconds after its start.
  const tracer = createTracer(options)
  onTestFinished(() => tracer.close())
  tracer.run({ name: 'last' }, () => undefined)
  await expect.poll(() => rowsIn(dir.path)).toBe(1)
  await expect.poll(() => bytesBelow(path.join(dir.path, 'stores'))).toBeLessThan(grown.disk / 4)

  const resolver = createResolver({ dir: dir.path })
  onTestFinished(() => resolver.close())
  const { evidence } = await resolver.resolve(runs[0] as string)
  expect(evidence.join('\n')).toMatch(/older than .*keeps?/)
})

it('with a limit of bytes, the oldest windows go, and no question takes them for hops that never were', async () => {
  using dir = tempDir()
  const options = { service: 'orders', dataDir: dir.path, windowMillis: 100, graceMillis: 0 } as const
  const stores = path.join(dir.path, 'stores')
  const run = async (maxBytes: number, jobs: number): Promise<string> => {
    const tracer = createTracer({ ...options, store: { kind: 'level', ttlSeconds: Infinity, maxBytes } })
    let first = ''
    for (let job = 0; job < jobs; job++) {
      const id = tracer.run({ name: 'job' }, () => {
        tracer.hop?.setAttributes({ noise: noise() })
        return tracer.hop?.id ?? ''
      })
      first ||= id
    }
    await tracer.close()
    return first
  }
  const oldest = await run(Infinity, 300)
  for (let restart = 0; restart < 3; restart++) await run(Infinity, 300)
  const newest = await run(Infinity, 300)
  const grown = bytesBelow(stores)

  const tracer = createTracer({
    ...options,
    store: { kind: 'level', ttlSeconds: Infinity, maxBytes: 600_000 },
  })
  onTestFinished(() => tracer.close())
  tracer.run({ name: 'last' }, () => undefined)
  const verdicts = new Set<string>()
  const resolver = createResolver({ dir: dir.path })
  onTestFinished(() => resolver.close())
  const ask = async (): Promise<string> => {
    const { verdict, evidence } = await resolver.resolve(oldest)
    verdicts.add(verdict)
    return evidence.join('\n')
  }
  await expect
    .poll(async () => (await ask(), bytesBelow(stores)), { timeout: 90_000 })
    .toBeLessThan(Math.min(grown, 600_000))
  await expect.poll(() => rowsIn(dir.path), { timeout: 90_000 }).toBeLessThan(6)
  expect(await ask()).toMatch(/older than the store of orders keeps/)
  expect([...verdicts].sort()).toEqual(['completed', 'undetermined'])
  expect((await resolver.resolve(newest)).verdict).toBe('completed')
}, 240_000)

function noise(): string {
  return Array.from({ length: 1024 }, () => String.fromCharCode(33 + Math.floor(Math.random() * 90))).join('')
}

function rowsIn(dir: string): number {
  return readdirSync(path.join(dir, 'registry')).filter((name) => name.endsWith('.json')).length
}

function bytesBelow(dir: string): number {
  const names = readdirSync(dir, { recursive: true }).map(String)
  return names.reduce(
    (sum, name) => sum + (statSync(path.join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
