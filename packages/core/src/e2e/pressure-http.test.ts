import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HopId, ResolveResult, TracerStats } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { recordsOf } from '../ship/test-ship.fixture.js'
import { levelStore } from '../store/level/level-store.js'
import { load } from './load.fixture.js'
import { eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }
const maxLogBytes = 1 << 20
const requests = 50_000
/** After this number of requests under pressure, a tracer may keep this much more on the heap than the bare application. */
const heapBound = 16 << 20
const program = { program: 'pressed.fixture.ts', execArgv: ['--expose-gc'] }
/** What is asked at each stage, directly: what the client gets must not depend on the stage. */
const paths = ['/work?n=1', '/work?n=17', '/elsewhere?n=2']

function logBytes(dir: string): number {
  const logs = path.join(dir, 'logs', 'pressed')
  const names = readdirSync(logs, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.log'))
    .reduce((sum, name) => sum + statSync(path.join(logs, name)).size, 0)
}

/** All that a client sees of the application: not the time of day, and not the id that the tracer tells it. */
function seen(service: TestService, of: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    get(service.url + of, { agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.once('end', () => {
        const { date: _, traceresponse: __, ...headers } = response.headers
        resolve({ status: response.statusCode, headers, body })
      })
    }).once('error', reject)
  })
}

function allSeen(service: TestService): Promise<unknown[]> {
  return Promise.all(paths.map((of) => seen(service, of)))
}

const statsOf = async (service: TestService) => (await service.ask({ do: 'stats' })) as TracerStats

describe('a service whose store is away, over HTTP', () => {
  it('sheds details, then drops new hops, is never told of falsely, answers as ever, and stays small', async () => {
    using dir = tempDir()
    const store = path.join(dir.path, 'away')
    writeFileSync(store, 'in the way')
    const options = { dataDir: dir.path, port: 0, ...quick }
    await using front = await TestService.start({ service: 'front', ...options })
    await using bare = await TestService.start({ service: 'pressed', bare: true }, program)
    const settings = {
      ...quick,
      dataDir: dir.path,
      store: { kind: 'level', dir: store },
      maxLogBytes,
    } as const
    await using pressed = await TestService.start({ service: 'pressed', ...settings }, program)

    const answers = await allSeen(bare)
    const orders = new Map<string, string[]>()
    /** Requests through a healthy service, to the pressed one and on from there; each third fails there. */
    const through = async (stage: string): Promise<void> => {
      expect(await allSeen(pressed)).toEqual(answers)
      for (let i = 0; i < 6; i++) {
        const order = `${stage}-${i}`
        const on = encodeURIComponent(`${front.url}/ok?order=${order}`)
        const to = encodeURIComponent(`${pressed.url}/work?n=${i % 3 === 0 ? 7 : i}&to=${on}`)
        const answer = await send(`${front.url}/call?order=${order}&to=${to}`)
        expect(answer.status).toBe(i % 3 === 0 ? 500 : 200)
        orders.set(stage, [...(orders.get(stage) ?? []), order])
      }
    }
    let sent = 0
    const loadUntil = async (enough: (stats: TracerStats) => boolean): Promise<TracerStats> => {
      for (;;) {
        const stats = await statsOf(pressed)
        if (enough(stats)) return stats
        sent += 100
        await load(pressed.port, '/work?n=1', 100)
      }
    }

    await through('calm')
    const waiting = send(`${front.url}/call?order=waits&to=${encodeURIComponent(`${pressed.url}/wait?n=1`)}`)
    await pressed.hanging(1)
    const shedding = await loadUntil(({ shed }) => shed > 0)
    expect(shedding.dropped).toBe(0)
    expect(logBytes(dir.path)).toBeGreaterThanOrEqual(maxLogBytes * 0.8)
    await through('shed')
    expect(await statsOf(pressed)).toMatchObject({ dropped: 0 })
    expect(logBytes(dir.path)).toBeLessThan(maxLogBytes)
    await loadUntil(({ dropped }) => dropped > 0)
    expect(logBytes(dir.path)).toBeGreaterThanOrEqual(maxLogBytes * 0.99)
    await through('dropped')
    await pressed.ask({ do: 'release' })
    expect((await waiting).status).toBe(200)
    await load(pressed.port, '/work?n=1', requests - sent)
    await load(bare.port, '/work?n=1', requests)
    const full = await statsOf(pressed)
    expect(logBytes(dir.path)).toBeLessThan(maxLogBytes * 1.2)
    const heaps = [await pressed.ask({ do: 'heap' }), await bare.ask({ do: 'heap' })] as [number, number]
    expect(heaps[0] - heaps[1]).toBeLessThan(heapBound)
    // Every request is accounted for: kept, or counted as dropped.
    const direct = 3 * paths.length + requests
    expect(full.appended + full.dropped).toBeGreaterThanOrEqual(direct + 3 * 6 + 1)
    expect(full.shipped).toBe(0)

    const of = ({ hops }: ResolveResult) => hops.find(({ service }) => service === 'pressed')
    const shed = new Map<HopId, boolean>()
    const check = async (why: string): Promise<void> => {
      for (const [stage, all] of orders) {
        for (const [i, order] of all.entries()) {
          const result = await resolveIn(dir.path, `orderId=${order}`)
          const fails = i % 3 === 0
          if (stage === 'dropped') {
            expect(result.verdict).toBe('undetermined')
            expect(of(result)).toBeUndefined()
            expect(result.evidence.join('\n')).toContain(why)
            continue
          }
          expect(result.verdict).toBe(fails ? 'failed' : 'completed')
          expect(of(result)).toMatchObject({
            state: 'closed',
            route: '/work',
            status: fails ? 500 : 200,
            error: fails ? { name: 'RangeError', message: 'seven ends 7' } : null,
            next: [{ outcome: '200', service: 'front' }],
            events: stage === 'calm' ? [{ name: 'work.begun' }, { name: 'work.done' }] : [],
            attributes: stage === 'calm' ? { about: 'a'.repeat(50) } : {},
          })
          shed.set(of(result)?.hopId as HopId, stage === 'shed')
        }
      }
      expect((await resolveIn(dir.path, 'orderId=waits')).verdict).toBe('completed')
    }
    await front.ask({ do: 'flush' })
    await check('pressed')

    rmSync(store)
    await eventually(() =>
      pressed.ask({ do: 'flush' }).then(
        () => true,
        () => undefined,
      ),
    )
    await check('unknown: dropped here: pressed')
    expect((await statsOf(pressed)).shipped).toBe(full.appended)
    await through('after')
    await Promise.all([front.ask({ do: 'flush' }), pressed.ask({ do: 'flush' })])
    expect((await resolveIn(dir.path, 'orderId=after-1')).verdict).toBe('completed')
    await pressed.kill()
    const shipped = levelStore({ dir: store })
    const records = await recordsOf(shipped)
    await shipped.close()
    // Its attributes are one entry, and there are two events.
    for (const [id, some] of shed) expect(records.get(id)?.shed).toBe(some ? 3 : 0)
    expect(shed.size).toBe(12)
  })
})
