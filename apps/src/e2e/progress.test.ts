import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, type FollowStep } from '@hoptrace/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { placeOrder, someOrder } from '../chain/shop.js'

/** An order that the warehouse picks by hand, a piece a second. */
const slow = (id: string, quantity: number): ReturnType<typeof someOrder> =>
  someOrder(id, { items: [{ sku: 'slow', quantity }], patienceMillis: 30_000 })

describe('a slow order that is followed', () => {
  let chain: Chain
  let dir: string

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-progress-'))
    chain = new Chain({ ports: await freePorts(), dataDir: dir })
    await chain.startAll()
  })

  afterAll(async () => {
    await chain.stopAll()
    await rm(dir, { recursive: true, force: true })
  })

  /** The socket by which a service of this host is asked. */
  async function socketOf(service: string): Promise<string> {
    const resolver = createResolver({ dir })
    try {
      const row = (await resolver.instances()).find((one) => one.service === service)
      return path.resolve(dir, row?.logDir ?? '', 'ask.sock')
    } finally {
      await resolver.close()
    }
  }

  /** Follows a key from when it is first known. */
  async function* follow(orderId: string): AsyncGenerator<FollowStep> {
    const resolver = createResolver({ dir })
    try {
      while ((await resolver.find({ key: 'orderId', value: orderId })).length === 0);
      yield* resolver.follow(`orderId=${orderId}`, { intervalMillis: 100 })
    } finally {
      await resolver.close()
    }
  }

  it('tells what happens while it happens, what runs, and the end', async () => {
    let answered = false
    const order = placeOrder(chain.entryUrl, slow('follow-1', 4)).finally(() => (answered = true))
    const early: string[] = []
    const running = new Set<string>()
    let end: FollowStep | undefined
    for await (const step of follow('follow-1')) {
      if (step.kind === 'event' && !answered) early.push(step.event.name)
      if (step.kind === 'state') for (const { service } of step.progress.running) running.add(service)
      if (step.kind === 'end') end = step
    }
    expect((await order).status).toBe(201)
    // Each piece was reported before the next was picked, while every hop above was still open.
    expect(early).toEqual(expect.arrayContaining(['order.received', 'payment.authorized']))
    expect(early.filter((name) => name.includes('pick')).length).toBeGreaterThanOrEqual(2)
    expect([...running].sort()).toEqual(['gateway', 'inventory', 'orders', 'payments'])
    expect(end).toMatchObject({ progress: { verdict: 'completed', running: [] } })
  })

  it('tells the verdict when a service is killed midway', async () => {
    const order = placeOrder(chain.entryUrl, slow('follow-2', 20)).catch(() => undefined)
    let end: FollowStep | undefined
    let killed = false
    for await (const step of follow('follow-2')) {
      if (step.kind === 'event' && step.event.service === 'inventory' && !killed) {
        killed = true
        await chain.kill('inventory')
      }
      if (step.kind === 'end') end = step
    }
    await order
    expect(end).toMatchObject({
      kind: 'end',
      progress: { verdict: 'died', endedAt: { service: 'inventory' }, lastHealthy: { service: 'payments' } },
    })
    await chain.start('inventory')
  })

  it('is told as server-sent events by a living service, too', async () => {
    const order = placeOrder(chain.entryUrl, slow('follow-3', 3))
    const gateway = await socketOf('gateway')
    const read = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const at = { socketPath: gateway, path: '/_hoptrace/v1/progress/orderId=follow-3' }
        const req = request({ ...at, headers: { accept: 'text/event-stream' } }, (res) => {
          let text = ''
          res.setEncoding('utf8').on('data', (piece: string) => (text += piece))
          res.on('end', () => resolve(text))
        })
        req.on('error', reject)
        req.end()
      })
    let text = await read()
    // Until the order is known, there is nothing to follow.
    while (text.includes('"verdict":"not-found"')) text = await read()
    expect((await order).status).toBe(201)
    expect(text).toContain('"name":"payment.captured"')
    expect(text.trimEnd()).toMatch(/event: end\nid: over\ndata: .*"verdict":"completed".*$/)
  })
})
