import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileHopLog } from '../../log/index.js'
import { baseNanos, testClose, testHop, testId, testRun } from '../../log/test-run.fixture.js'
import { deleteRunFile } from '../../rundir/index.js'
import { logFileName } from '../../rundir/run-dir.js'
import { createResolver } from '../create-resolver.js'
import { MemoryRegistry } from '../test-instance.fixture.js'
import { testRow } from '../test-trace.fixture.js'

const range = { service: 'orders', from: baseNanos - 1_000_000_000n, to: baseNanos + 60_000_000_000n }

/** A process that was killed after its row had named its store, and before it put anything there. */
function killed(registry: MemoryRegistry): { runDir: string } {
  const run = testRun({ host: hostname() })
  const logDir = `logs/orders/${run.startNanos}-1-abcdef`
  const runDir = path.join(registry.dataDir, logDir)
  const log = new FileHopLog({ runDir, run: () => run, maxFileBytes: 500 })
  for (let i = 1; i <= 20; i++) {
    log.key(testHop(i), 'orderId', String(i))
    log.close(testHop(100 + i), testClose())
  }
  log.end()
  const row = testRow('orders', 4001, {
    startNanos: run.startNanos,
    logDir,
    stores: ['level:stores/orders'],
    shippedThroughNanos: 0n,
  })
  void registry.put(row)
  return { runDir }
}

describe('a store that a row names and that was never made', () => {
  it('keeps nothing back of a run whose log has all its hops', async () => {
    using registry = new MemoryRegistry()
    killed(registry)
    const resolver = createResolver({ registry, dir: registry.dataDir })
    const ids: string[] = []
    for await (const { hopId } of resolver.range(range)) ids.push(hopId)
    expect(ids).toHaveLength(40)
    expect(await resolver.find({ key: 'orderId', value: '7' })).toMatchObject([{ hopId: testId(7) }])
    expect(await resolver.find({ key: 'orderId', value: 'none' })).toEqual([])
    await resolver.close()
  })

  it('may have what is not in a log that has lost its first file', async () => {
    using registry = new MemoryRegistry()
    const { runDir } = killed(registry)
    deleteRunFile(runDir, logFileName(1))
    const resolver = createResolver({ registry, dir: registry.dataDir })
    const all = async (): Promise<void> => {
      for await (const { hopId } of resolver.range(range)) expect(hopId).toHaveLength(32)
    }
    await expect(all()).rejects.toMatchObject({ code: 'HOPTRACE_STORE_UNAVAILABLE' })
    await expect(resolver.find({ key: 'orderId', value: 'none' })).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_UNAVAILABLE',
    })
    await resolver.close()
  })
})
