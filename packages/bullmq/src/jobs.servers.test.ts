import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { runInThisContext } from 'node:vm'
import { createTracer, type ResolveResult, type Tracer } from '@hoptrace/core'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { eventually } from '@hoptrace/testkit'
import { DelayedError, FlowProducer, Queue, Worker, type Job } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { traceBullmq } from './index.js'

describeRealServer('redis', 'jobs of BullMQ', () => {
  let server: RunningServer
  let dataDir: string
  let orders: Tracer
  let notify: Tracer
  let opened: { close(force?: boolean): Promise<unknown> }[] = []
  beforeAll(async () => {
    server = await startServer('redis')
  })
  afterAll(() => server.wipe())
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'hoptrace-bullmq-'))
    orders = createTracer({ service: 'orders', dataDir })
    notify = createTracer({ service: 'notify', dataDir })
  })
  afterEach(async () => {
    for (const one of opened) await one.close(true)
    opened = []
    await Promise.all([orders.close(), notify.close()])
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
  })

  const open = <T extends { close(force?: boolean): Promise<unknown> }>(one: T): T => (
    opened.unshift(one),
    one
  )
  const connection = (): { url: string } => ({ url: server.url })
  const queueOf = (name: string): Queue =>
    open(traceBullmq(new Queue(name, { connection: connection() }), orders))
  const work = (name: string, handler: (job: Job, token?: string) => Promise<unknown>): Worker =>
    open(traceBullmq(new Worker(name, handler, { connection: connection(), stalledInterval: 500 }), notify))
  const placed = (fn: () => Promise<unknown>): Promise<string> =>
    orders.run({ name: 'place-order' }, async () => {
      await fn()
      return orders.hop?.id ?? ''
    })
  const becomes = (
    id: string,
    verdict: string,
    isWhole: (result: ResolveResult) => boolean = () => true,
  ): Promise<ResolveResult> =>
    eventually(dataDir, id, (result) => result.verdict === verdict && isWhole(result), 300_000)

  it('die with a killed worker, and complete when the next one has taken them', async () => {
    const queue = queueOf('killed')
    const argument = JSON.stringify({ url: server.url, queue: 'killed', dataDir })
    const child = fork(built(new URL('worker.fixture.ts', import.meta.url)), [argument], { execArgv: [] })
    const id = await placed(() => queue.add('confirm', {}))
    await once(child, 'message')
    await becomes(id, 'running')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await becomes(id, 'died')).toMatchObject({ endedAt: { service: 'notify' } })
    work('killed', async () => 'sent')
    // While another process ships the log of the killed worker, whether its hop is over is not known.
    const done = await becomes(id, 'completed', ({ hops }) => hops.every(({ state }) => state !== 'open'))
    expect(done.hops.map(({ state }) => state)).toEqual(['closed', 'closed', 'interrupted'])
    expect(done.faults).toMatchObject([{ verdict: 'died', service: 'notify', handled: true }])
  })

  it('that a worker puts back are not done until they are processed again', async () => {
    const queue = queueOf('delayed')
    let isReady = false
    work('delayed', async (job, token) => {
      if (isReady) return
      await job.moveToDelayed(Date.now() + 200, token)
      throw new DelayedError()
    })
    const id = await placed(() => queue.add('confirm', {}))
    await becomes(id, 'failed')
    isReady = true
    const done = await becomes(id, 'completed')
    expect(done.hops.length).toBeGreaterThan(2)
  })

  it('that failed for the last time are failed, and a dead letter is a separate message', async () => {
    const queue = queueOf('letters')
    const dead = open(traceBullmq(new Queue('dead-letters', { connection: connection() }), notify))
    work('letters', async (job) => {
      await dead.add(job.name, job.data)
    })
    const id = await placed(() => queue.add('confirm', {}))
    const waiting = await becomes(id, 'running')
    expect(waiting.endedAt?.service).toBe('bullmq://dead-letters')
    expect(waiting.hops.map(({ service }) => service)).toEqual(['orders', 'notify'])
    work('dead-letters', async () => {
      throw new Error('a clerk has to look at it')
    })
    expect((await becomes(id, 'failed')).evidence.join()).toContain('a clerk has to look at it')
  })

  it('of a flow are separate calls', async () => {
    const flows = open(traceBullmq(new FlowProducer({ connection: connection() }), orders))
    work('parents', async () => 'all')
    work('children', async () => 'one')
    const child = { name: 'child', queueName: 'children', data: {}, opts: {} }
    const id = await placed(() =>
      flows.add({ name: 'parent', queueName: 'parents', opts: {}, children: [child, child] }),
    )
    const done = await becomes(id, 'completed')
    const [order, ...others] = done.hops
    expect(order?.next.map(({ target }) => target).sort()).toEqual([
      'bullmq://children',
      'bullmq://children',
      'bullmq://parents',
    ])
    expect(others.map(({ service }) => service)).toEqual(['notify', 'notify', 'notify'])
  })

  it('for workers without a tracer are over when Redis has them', async () => {
    const foreign = new Queue('foreign', { connection: connection() })
    const queue = open(traceBullmq(foreign, orders, { traced: false }))
    const id = await placed(() => queue.add('confirm', {}))
    expect((await becomes(id, 'completed')).hops[0]?.next).toMatchObject([{ outcome: '202' }])
  })

  it('are traced by the example of the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? []
    const body = example.replace(/^import .*\n/gm, '').replace(/^const connection = .*\n/m, '')
    const run = runInThisContext(
      `(async (createTracer, traceBullmq, Queue, Worker, connection, send) => {${body}; return [mails, worker]})`,
    ) as (...given: unknown[]) => Promise<{ close(force?: boolean): Promise<unknown> }[]>
    const tracers = { orders, notify }
    const sent: unknown[] = []
    const given = ({ service }: { service: 'orders' | 'notify' }): Tracer => tracers[service]
    const send = async (data: unknown): Promise<number> => sent.push(data)
    for (const one of await run(given, traceBullmq, Queue, Worker, connection(), send)) open(one)
    expect((await becomes('orderId=42', 'completed')).hops).toMatchObject([
      { service: 'orders' },
      { service: 'notify' },
    ])
    expect(sent).toEqual([{ order: 42 }])
  })
})
