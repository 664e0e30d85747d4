import { randomBytes } from 'node:crypto'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HopId } from '../../id/types.js'
import { FileHopLog } from '../../log/index.js'
import { testCall, testClose, testHop, testId, testRun } from '../../log/test-run.fixture.js'
import { levelStore } from '../../store/level/level-store.js'
import { createResolver } from '../create-resolver.js'

let dir: string

/** The id of a call to port 4002. */
const called = `${testId(9_000_000).slice(0, -4)}0fa2` as HopId

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-logged-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

/** A run that wrote its log and was gone before it could register. */
function unregisteredRun(write: (log: FileHopLog) => void, service = 'orders', port = 4001): void {
  const run = testRun({ host: hostname(), service, address: `127.0.0.1:${port}` })
  const log = new FileHopLog({
    runDir: path.join(dir, 'logs', service, `${run.startNanos}-1-abcdef`),
    run: () => run,
    diagnostics: () => undefined,
  })
  write(log)
  log.end()
}

describe('a run that is not registered', () => {
  it('is found by its log', async () => {
    unregisteredRun((log) => {
      const hop = testHop(1000)
      log.call(hop, testCall(0, { hopId: called, target: 'api.example:443' }))
      log.callEnd(hop, { index: 0, outcome: '200', durationMicros: 5, servedBy: null, otherKey: null })
      log.close(hop, testClose())
    })
    const resolver = createResolver({ dir })
    const result = await resolver.resolve(testId(1000))
    expect(result).toMatchObject({
      verdict: 'completed',
      hops: [{ service: 'orders', source: 'log', state: 'closed', next: [{ found: 'untraced' }] }],
    })
    expect(await resolver.instances()).toMatchObject([{ service: 'orders', address: '127.0.0.1:4001' }])
    await resolver.close()
  })

  it('leaves open hops interrupted when it has ended', async () => {
    unregisteredRun((log) => log.open(testHop(1000)))
    const resolver = createResolver({ dir })
    expect(await resolver.resolve(testId(1000))).toMatchObject({
      verdict: 'interrupted',
      endedAt: { service: 'orders', instance: '127.0.0.1:4001' },
      lastHealthy: null,
      hops: [{ state: 'interrupted' }],
    })
    await resolver.close()
  })

  it('is not treated as untraced if its answer names it', async () => {
    const servedBy = { hopId: called, service: 'payments', address: '127.0.0.1:4002' }
    unregisteredRun((log) => {
      const hop = testHop(1000)
      log.call(hop, testCall(0, { hopId: called }))
      log.callEnd(hop, { index: 0, outcome: '500', durationMicros: 5, servedBy, otherKey: null })
      log.close(hop, testClose({ status: 502 }))
    })
    const resolver = createResolver({ dir })
    const { verdict, endedAt, evidence } = await resolver.resolve(testId(1000))
    expect({ verdict, service: endedAt?.service }).toEqual({ verdict: 'undetermined', service: 'payments' })
    expect(evidence.join()).toContain('payments 127.0.0.1:4002 is not registered; if one of ours')
    await resolver.close()
  })

  it('may have had any hop when its log cannot be read, or is signed under another key', async () => {
    const hop = testHop(1000)
    unregisteredRun((log) => log.close(hop, testClose()))
    const runDir = path.join(dir, 'logs', 'orders', `${testRun().startNanos}-1-abcdef`)
    const resolver = createResolver({ dir, clusterKey: randomBytes(32).toString('base64url') })
    await expect(resolver.resolve(testId(5))).rejects.toThrow(
      /logs\/orders\/\S+ is not signed under this key/,
    )
    await resolver.close()
    await writeFile(path.join(runDir, '00000001.log'), 'no log')
    const before = new Date(Date.now() - 60_000)
    await utimes(runDir, before, before)
    const other = createResolver({ dir })
    await expect(other.resolve(testId(1000))).rejects.toThrow(/logs\/orders\/\S+ is no log that can be read/)
    await other.close()
  })
})

describe('thousands of runs whose logs cannot be read', () => {
  it('17.12: are reported, some by name and all by number', async () => {
    const count = 2000
    const before = new Date(Date.now() - 60_000)
    for (let index = 0; index < count; index++) {
      const runDir = path.join(dir, 'logs', 'orders', `${index + 1}-1-abcdef`)
      mkdirSync(runDir, { recursive: true })
      writeFileSync(path.join(runDir, '00000001.log'), 'no log')
      utimesSync(runDir, before, before)
    }
    const warnings: string[] = []
    const resolver = createResolver({
      dir,
      deadlineMillis: 600_000,
      onWarning: (text) => warnings.push(text),
    })
    await expect(resolver.resolve(testId(1000))).rejects.toThrow(/and 1980 more/)
    unregisteredRun((log) => log.close(testHop(1000), testClose()), 'payments')
    const { unread = [] } = await resolver.instances()
    expect(unread).toHaveLength(21)
    expect(unread[0]).toMatch(/^logs\/orders\/\d+-1-abcdef /)
    expect(unread.at(-1)).toBe('and 1980 more')
    expect(warnings).toHaveLength(21)
    expect((await resolver.resolve(testId(1000))).verdict).toBe('completed')
    expect((await resolver.resolve(testId(2000))).verdict).toBe('undetermined')
    await resolver.close()
  }, 600_000)
})

describe('a store of a service of which no run is registered', () => {
  it('may have had any hop', async () => {
    const store = levelStore({ dir: path.join(dir, 'stores', 'orders'), make: true })
    await store.open()
    await store.put([{ key: Buffer.from([0x7f]), value: Buffer.from('x') }])
    await store.close()
    // hoptrace did not make it.
    await mkdir(path.join(dir, 'stores', 'nginx'))
    unregisteredRun((log) => log.close(testHop(1000), testClose()), 'payments')
    const missing = /stores\/orders has records of orders, and no run of it is registered/
    const resolver = createResolver({ dir })
    expect((await resolver.instances()).unread).toMatchObject([expect.stringMatching(missing)])
    const { verdict, evidence } = await resolver.resolve(testId(5))
    expect(verdict).toBe('undetermined')
    expect(evidence.join()).toMatch(missing)
    await resolver.close()
    unregisteredRun((log) => log.close(testHop(2000), testClose()), 'orders', 4003)
    const later = createResolver({ dir })
    expect((await later.instances()).unread ?? []).toEqual([])
    await later.close()
  })
})
