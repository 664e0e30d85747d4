import { readdirSync } from 'node:fs'
import path from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { createTracer } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'

it('starts its thread with the first hop; without one, nothing is left of the run', async () => {
  using dir = tempDir()
  const logs = path.join(dir.path, 'logs', 'orders')
  const started: Worker[] = []
  const onWorker = (worker: Worker): void => void started.push(worker)
  process.on('worker', onWorker)
  try {
    const idle = createTracer({ service: 'orders', dataDir: dir.path })
    expect(readdirSync(logs)).toHaveLength(1)
    await idle.flush()
    await idle.close()
    expect(readdirSync(logs)).toEqual([])
    expect(started).toHaveLength(0)

    const busy = createTracer({ service: 'orders', dataDir: dir.path })
    busy.run({ name: 'job' }, () => undefined)
    await busy.close()
    expect(started).toHaveLength(1)
    expect(busy.stats()).toMatchObject({ shipped: 1, errors: 0 })
  } finally {
    process.off('worker', onWorker)
  }
})
