import { once } from 'node:events'
import { readdirSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { built } from '../../../../dev/built.mjs'
import { createResolver, type Verdict } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { acquireRunDir } from '../rundir/index.js'
import { adoptAll, eventually, resolveIn, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

async function begin(service: TestService, name = 'nightly'): Promise<string> {
  return ((await service.ask({ do: 'hanging-job', name })) as { id: string }).id
}

function runDirOf(dir: string, service: string): string {
  const [run] = readdirSync(path.join(dir, 'logs', service)).filter((name) => !name.startsWith('.'))
  return path.join(dir, 'logs', service, run as string)
}

/** Resolves once the verdict is this one; until then only `undetermined` is right. */
function becomes(dir: string, id: string, verdict: Verdict): Promise<true> {
  return eventually(async () => {
    const seen = await resolveIn(dir, id)
    if (seen.verdict === verdict) return true
    expect(seen.verdict).toBe('undetermined')
    return undefined
  })
}

describe('an open job of a process that does not listen', () => {
  it('is running, before and after it is shipped, and interrupted once its process is killed', async () => {
    using dir = tempDir()
    await using worker = await TestService.start({ service: 'cron', dataDir: dir.path, ...quick })
    const id = await begin(worker)
    await becomes(dir.path, id, 'running')
    await worker.ask({ do: 'flush' })
    await becomes(dir.path, id, 'running')
    const resolver = createResolver({ dir: dir.path })
    expect(await resolver.progress(id)).toMatchObject({ verdict: 'running' })
    await resolver.close()
    await worker.kill()
    expect(await resolveIn(dir.path, id)).toMatchObject({
      verdict: 'interrupted',
      hops: [{ route: 'nightly' }],
    })
    await adoptAll(dir.path)
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'interrupted' })
  })

  it('is never running while somebody adopts what its dead process left', async () => {
    using dir = tempDir()
    await using worker = await TestService.start({ service: 'cron', dataDir: dir.path, ...quick })
    const id = await begin(worker)
    await worker.ask({ do: 'flush' })
    await becomes(dir.path, id, 'running')
    await worker.kill()
    const lock = await acquireRunDir(runDirOf(dir.path, 'cron'))
    expect(lock).toBeDefined()
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'undetermined' })
    lock?.release()
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'interrupted' })
  })

  it('is running while its process is stopped, however long its log is silent', async () => {
    using dir = tempDir()
    await using worker = await TestService.start({ service: 'cron', dataDir: dir.path, ...quick })
    const id = await begin(worker)
    await worker.ask({ do: 'flush' })
    await worker.kill('SIGSTOP')
    const runDir = runDirOf(dir.path, 'cron')
    for (const name of readdirSync(runDir).filter((file) => file.endsWith('.log')))
      utimesSync(path.join(runDir, name), 1, 1)
    await becomes(dir.path, id, 'running')
    await worker.kill('SIGKILL')
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'interrupted' })
  })

  it('is completed when it ends', async () => {
    using dir = tempDir()
    await using worker = await TestService.start({ service: 'cron', dataDir: dir.path, ...quick })
    const { id } = (await worker.ask({ do: 'job', name: 'short' })) as { id: string }
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'completed' })
  })

  it('runs in a thread, whose run answers for itself, and is interrupted with that thread', async () => {
    using dir = tempDir()
    const options = { service: 'threads', dataDir: dir.path, ...quick }
    const thread = new Worker(built(new URL('thread.fixture.ts', import.meta.url)), { workerData: options })
    thread.postMessage('hang')
    const [id] = (await once(thread, 'message')) as [string]
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'running' })
    await thread.terminate()
    expect(await resolveIn(dir.path, id)).toMatchObject({ verdict: 'interrupted' })
  })
})
