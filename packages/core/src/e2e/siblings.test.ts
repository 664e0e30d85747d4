import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { built } from '../../../../dev/built.mjs'
import { createResolver, createTracer, parseHopId } from '../index.js'
import { tempDir } from '../log/test-run.fixture.js'
import { adoptAll, eventually, resolveIn, send, TestService } from './test-service.fixture.js'

const quick = { windowMillis: 500, graceMillis: 100 }

/**
 * One request: the process that answered it, and the id of its hop is added. A connection that the cluster's primary handed
 * to a worker which was just killed is never answered.
 */
async function reach(url: string, known: Map<string, string[]>): Promise<string | undefined> {
  const { status, body } = await send(`${url}/ok`, {}, 1000)
  if (status !== 200) return undefined
  const [id = '', pid = ''] = body.split(' ')
  known.set(pid, [...(known.get(pid) ?? []), id])
  return pid
}

/** Sends requests until this number of processes has answered; gives the ids of their hops by process. */
async function reachAll(url: string, processes: number): Promise<Map<string, string[]>> {
  const known = new Map<string, string[]>()
  while (known.size < processes) await reach(url, known)
  return known
}

describe('several runs on one address or in one process', () => {
  it('every hop of every cluster worker is found, by the endpoint that is any of them, and of a killed one', async () => {
    using dir = tempDir()
    await using service = await TestService.start(
      { service: 'web', dataDir: dir.path, ...quick },
      { program: 'cluster.fixture.ts' },
    )
    const byWorker = await reachAll(service.url, 3)
    const check = async (mode: 'iterative' | 'recursive', live: boolean) => {
      const resolver = createResolver({ dir: dir.path, mode, live })
      for (const id of [...byWorker.values()].flat()) {
        const { verdict, hops } = await resolver.resolve(id)
        expect({ id, verdict, hops }).toMatchObject({
          verdict: 'completed',
          hops: [{ hopId: id, service: 'web' }],
        })
      }
      await resolver.close()
    }
    const workers = [...byWorker.values()].map(([id]) => parseHopId(id as string).issuer)
    expect(new Set(workers)).toEqual(new Set([1, 2, 3]))
    await check('iterative', true)
    await check('recursive', true)
    await check('iterative', false)
    const before = new Set(byWorker.keys())
    await service.ask({ do: 'kill' })
    await eventually(async () => {
      const pid = await reach(service.url, byWorker)
      return pid === undefined || before.has(pid) ? undefined : pid
    })
    await check('iterative', true)
    await adoptAll(dir.path)
    await check('iterative', true)
    await check('recursive', true)
  })

  it('every thread with a tracer has a run and a store of its own', async () => {
    using dir = tempDir()
    const options = { service: 'threads', dataDir: dir.path, ...quick }
    const tracer = createTracer(options)
    const threads = [1, 2].map(
      () => new Worker(built(new URL('thread.fixture.ts', import.meta.url)), { workerData: options }),
    )
    const ids = [tracer.run({ name: 'main.job' }, () => tracer.hop?.id)]
    await tracer.flush()
    for (const thread of threads) {
      thread.postMessage('job')
      ids.push(((await once(thread, 'message')) as [string])[0] as (typeof ids)[number])
    }
    const check = async () => {
      for (const id of ids) {
        expect(await resolveIn(dir.path, id ?? '')).toMatchObject({
          verdict: 'completed',
          hops: [{ hopId: id }],
        })
      }
    }
    await check()
    // Another process does not get in while a thread of this one has a store open.
    await using other = await TestService.start(options)
    ids.push(((await other.ask({ do: 'job', name: 'other.job' })) as { id: (typeof ids)[number] }).id)
    await other.ask({ do: 'flush' })
    await check()
    await Promise.all(
      threads.map(async (thread) => {
        const ended = once(thread, 'exit')
        thread.postMessage('close')
        await ended
      }),
    )
    await tracer.close()
    await check()
  })
})
