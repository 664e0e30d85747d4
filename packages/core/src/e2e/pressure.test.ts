import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createResolver, createTracer, type Store, type Tracer, type TracerOptions } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { memoryStore } from '../store/memory.js'
import { eventually } from './test-service.fixture.js'

/** A store that is away until the test brings it back. */
class Away implements Store {
  away = true
  refused = 0
  readonly url = 'memory:away'
  readonly supports = { durable: false, shared: false, ttl: false }
  private readonly inner = memoryStore()
  open = () => this.inner.open()
  close = () => this.inner.close()
  scan: Store['scan'] = (range) => this.inner.scan(range)
  put: Store['put'] = async (rows) => {
    if (this.away) {
      this.refused++
      throw new Error('away')
    }
    await this.inner.put(rows)
  }
}

function traced(dir: string, options: Partial<TracerOptions> = {}): Tracer & AsyncDisposable {
  const tracer = createTracer({
    service: 'pressed',
    dataDir: dir,
    store: { kind: 'memory' },
    windowMillis: 100,
    graceMillis: 0,
    ...options,
  })
  return Object.assign(tracer, { [Symbol.asyncDispose]: () => tracer.close() })
}

function logBytes(dir: string): number {
  const names = readdirSync(path.join(dir, 'logs'), { recursive: true, encoding: 'utf8' })
  const logs = names.filter((name) => name.endsWith('.log'))
  return logs.reduce((sum, name) => sum + statSync(path.join(dir, 'logs', name)).size, 0)
}

/** Hops that are begun and wait, and what lets them end. */
function openHops(tracer: Tracer, count: number) {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  const ids: string[] = []
  const ended: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    ended.push(
      tracer.run({ name: 'waits' }, () => {
        ids.push(tracer.hop?.id ?? '')
        return gate
      }),
    )
  }
  return { ids, end: async () => (release(), Promise.all(ended)) }
}

describe('under pressure', () => {
  it('a store that is away for long costs details first, then whole hops that are counted and marked; all else drains', async () => {
    using dir = tempDir()
    const store = new Away()
    const maxLogBytes = 512 * 1024
    await using tracer = traced(dir.path, { store, maxLogBytes })
    const kept: string[] = []
    let results = 0
    let lost = ''
    for (let i = 0; tracer.stats().dropped < 500; i++) {
      results += tracer.run({ name: 'work' }, () => {
        const id = tracer.hop?.id ?? ''
        tracer.hop?.event('detail', { text: 'x'.repeat(200) })
        if (tracer.stats().dropped === 0) kept.push(id)
        else lost = id
        return 1
      })
      if (i % 500 === 0) await sleep(1)
    }
    const pressed = tracer.stats()
    expect(pressed.shed).toBeGreaterThan(0)
    expect(pressed.appended + pressed.dropped).toBeGreaterThanOrEqual(results)
    expect(logBytes(dir.path)).toBeLessThan(maxLogBytes * 1.2)
    await expect(tracer.flush()).rejects.toThrow('away')
    expect(tracer.stats().errors).toBeGreaterThan(0)

    store.away = false
    await eventually(() =>
      tracer.flush().then(
        () => true,
        () => undefined,
      ),
    )
    const resolver = createResolver({ dir: dir.path, store, live: false })
    expect(tracer.stats().shipped).toBeGreaterThanOrEqual(kept.length - 1)
    for (const id of [kept[0], kept[Math.floor(kept.length / 2)], kept.at(-2)]) {
      expect(await resolver.resolve(id ?? '')).toMatchObject({ verdict: 'completed', hops: [{ hopId: id }] })
    }
    await eventually(async () => {
      tracer.run({ name: 'after' }, () => undefined)
      return (await tracer.flush().then(() => true)) && tracer.stats().appended > pressed.appended
        ? true
        : undefined
    })
    const missing = await resolver.resolve(lost)
    expect(missing.verdict).toBe('undetermined')
    expect(missing.evidence.join('\n')).toContain('dropped')
    await resolver.close()
  })

  it('an event that is too big loses what does not fit, and nothing else', async () => {
    using dir = tempDir()
    await using tracer = traced(dir.path)
    const id = tracer.run({ name: 'big' }, () => {
      tracer.hop?.event('huge', { first: 1, blob: 'y'.repeat(10_000_000), last: 2 })
      tracer.hop?.setAttributes(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`a${i}`, i])))
      tracer.hop?.setKey('orderId', 'z'.repeat(100_000))
      return tracer.hop?.id
    })
    const resolver = createResolver({ dir: dir.path })
    const { hops, verdict } = await resolver.resolve(id ?? '')
    expect(verdict).toBe('completed')
    expect(hops[0]).toMatchObject({ state: 'closed', route: 'big', events: [{ name: 'huge' }] })
    expect(JSON.stringify(hops[0]).length).toBeLessThan(20_000)
    expect(tracer.stats()).toMatchObject({ dropped: 0 })
    expect(tracer.stats().shed).toBeGreaterThan(0)
    await resolver.close()
  })

  it('a hop that is open for hundreds of windows holds no log back and is found all the while', async () => {
    using dir = tempDir()
    const store = new Away()
    store.away = false
    const maxLogBytes = 24 << 20
    await using tracer = traced(dir.path, { store, maxLogBytes })
    const { ids, end } = openHops(tracer, 1)
    const resolver = createResolver({ dir: dir.path, store })
    let files = 0
    for (let i = 0; i < 40; i++) {
      for (let n = 0; n < 1500; n++)
        tracer.run({ name: 'passes' }, () => tracer.hop?.event('e', { text: 'w'.repeat(400) }))
      await sleep(20)
      if (i % 10 === 9) {
        await tracer.flush()
        files = Math.max(files, logBytes(dir.path))
        const found = await resolver.resolve(ids[0] ?? '')
        expect(found.hops).toMatchObject([{ hopId: ids[0], state: 'open' }])
        expect(['running', 'undetermined']).toContain(found.verdict)
      }
    }
    expect(tracer.stats().bytes).toBeGreaterThan(24 << 20)
    expect(files).toBeLessThan(20 << 20)
    await end()
    await tracer.flush()
    expect(await resolver.resolve(ids[0] ?? '')).toMatchObject({
      verdict: 'completed',
      hops: [{ hopId: ids[0] }],
    })
    expect(tracer.stats()).toMatchObject({ dropped: 0 })
    await resolver.close()
  })

  it('100,000 hops that are open at once are all kept', async () => {
    using dir = tempDir()
    await using tracer = traced(dir.path)
    const before = process.memoryUsage().heapUsed
    const { ids, end } = openHops(tracer, 100_000)
    await tracer.flush()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1 << 30)
    expect(tracer.stats()).toMatchObject({ appended: 100_000, dropped: 0 })
    await end()
    await tracer.flush()
    expect(tracer.stats()).toMatchObject({ shipped: 100_000, dropped: 0, errors: 0 })
    const resolver = createResolver({ dir: dir.path })
    for (const id of [ids[0], ids[50_000], ids.at(-1)]) {
      const { hops } = await resolver.resolve(id ?? '')
      expect(hops).toMatchObject([{ hopId: id, state: 'closed' }])
    }
    await resolver.close()
  })
})
