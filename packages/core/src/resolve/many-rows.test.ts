import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { clusterKeys, newClusterKey } from '../key/index.js'
import { FileHopLog } from '../log/index.js'
import { baseNanos, tempDir, testClose, testHop, testId, testRun } from '../log/test-run.fixture.js'
import { rowFile } from '../store/registry/row-file.js'
import { writeRow } from '../store/registry/signed-row.js'
import { createResolver } from './create-resolver.js'
import { testRow } from './test-trace.fixture.js'

const others = 30_000

it('17.10: with 30,000 other runs, the oldest one is registered, resolved, found and listed', async () => {
  using dir = tempDir()
  const clusterKey = newClusterKey()
  const keys = clusterKeys(clusterKey, true)
  const run = testRun({ host: hostname() })
  const logDir = `logs/orders/${run.startNanos}-1-abcdef`
  const log = new FileHopLog({ runDir: path.join(dir.path, logDir), run: () => run })
  const hop = testHop(1000)
  log.key(hop, 'task', 'one')
  log.close(hop, testClose())
  log.mark(baseNanos + 1_000_000n)
  log.end()

  const registry = path.join(dir.path, 'registry')
  mkdirSync(registry)
  const ended = { state: 'dead', heartbeatMillis: Number(baseNanos / 1_000_000n) + 1000 } as const
  const oldest = testRow('orders', 4001, { ...ended, startNanos: run.startNanos, logDir })
  for (let index = 0; index <= others; index++) {
    const startNanos = run.startNanos + BigInt(index)
    const row =
      index === 0
        ? oldest
        : testRow('others', 5000, { ...ended, startNanos, logDir: `logs/others/${startNanos}-1-abcdef` })
    writeFileSync(
      path.join(registry, rowFile(row)),
      writeRow(row, () => keys),
    )
  }

  const resolver = createResolver({ dir: dir.path, clusterKey, live: false, deadlineMillis: 600_000 })
  const rows = await resolver.instances()
  expect({ length: rows.length, unread: rows.unread }).toEqual({ length: others + 1, unread: undefined })
  expect(await resolver.resolve(testId(1000))).toMatchObject({
    verdict: 'completed',
    hops: [{ source: 'log' }],
  })
  expect(await resolver.find({ key: 'task', value: 'one' })).toMatchObject([{ hopId: testId(1000) }])
  const hops: string[] = []
  const range = { service: 'orders', from: new Date(Number(baseNanos / 1_000_000n)), to: new Date() }
  for await (const { hopId } of resolver.range(range)) hops.push(hopId)
  expect(hops).toEqual([testId(1000)])
  await resolver.close()
}, 600_000)
