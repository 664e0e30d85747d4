import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, askSocketOf, runsOf } from './ask.fixture.js'
import type { Service } from './processes.fixture.js'
import { Scene } from './scene.fixture.js'

const QUESTIONS = 48
const STORED = 3000

/** Sends this number of requests, a few at a time. */
async function load(service: Service, amount: number): Promise<void> {
  let sent = 0
  const sender = async (): Promise<void> => {
    while (sent++ < amount) await service.work({ attributes: { note: `note ${sent}` } })
  }
  await Promise.all(Array.from({ length: 12 }, sender))
}

describe('questions that a service is flooded with', () => {
  const scene = new Scene()
  let service: Service
  let socketPath = ''
  let run = ''
  beforeAll(async () => {
    service = await scene.service('orders')
    await load(service, STORED)
    await service.control('flush')
    socketPath = askSocketOf(scene.dataDir, 'orders')
    run = encodeURIComponent(runsOf(scene.dataDir)[0]?.run ?? '')
  })
  afterAll(() => scene[Symbol.asyncDispose]())

  const unmatched = (): string =>
    `/_hoptrace/v1/range?from=0&to=${BigInt(Date.now() + 1000) * 1_000_000n}&route=%2Fnothing&run=${run}`

  it('18.5 keep it from no shipping, and from no other answer', async () => {
    const before = (await service.control('memory')) as number
    const gone = new AbortController()
    const flood = async (): Promise<number> => {
      let answers = 0
      while (!gone.signal.aborted) {
        const { status } = await ask({ socketPath }, unmatched())
        expect([200, 503]).toContain(status)
        answers++
      }
      return answers
    }
    const floods = Promise.all(Array.from({ length: QUESTIONS }, flood))
    await load(service, 500)
    await service.control('flush')
    const stats = (await service.control('stats')) as { readonly appended: number; readonly shipped: number }
    expect(stats).toMatchObject({ shipped: stats.appended, dropped: 0, errors: 0 })
    expect(await ask({ socketPath }, `/_hoptrace/v1/metrics?run=${run}`)).toMatchObject({
      status: 200,
      ended: true,
    })
    gone.abort()
    expect((await floods).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0)
    expect((await service.control('memory')) as number).toBeLessThan(before + 100e6)
  })

  it('18.5 cost it nothing once their askers have gone', async () => {
    const impatient = Array.from({ length: QUESTIONS }, () => ask({ socketPath }, unmatched(), {}, 5))
    await Promise.all(impatient)
    expect(await ask({ socketPath }, `/_hoptrace/v1/metrics?run=${run}`)).toMatchObject({
      status: 200,
      ended: true,
    })
  })

  it('18.5 take no memory by what they say that they have seen', async () => {
    const before = (await service.control('memory')) as number
    const { body } = await service.work({ task: 'followed' })
    const target = `/_hoptrace/v1/progress/${body.hopId}?follow=1&run=${run}`
    const lists = [
      '1'.repeat(8000),
      '0,'.repeat(4000),
      '9'.repeat(18),
      `${'f'.repeat(32)}:${'9'.repeat(9)}`,
      randomBytes(4000).toString('hex'),
      `${body.hopId}:2000000`,
      '-1',
    ]
    for (const last of lists) {
      const asked = Array.from({ length: 8 }, () =>
        ask({ socketPath }, target, { accept: 'text/event-stream', 'last-event-id': last }, 1500),
      )
      for (const { status } of await Promise.all(asked))
        expect([0, 200, 400, 404, 431, 503]).toContain(status)
    }
    await load(service, 100)
    await service.control('flush')
    expect((await service.control('memory')) as number).toBeLessThan(before + 100e6)
    expect(await service.control('stats')).toMatchObject({ dropped: 0, errors: 0 })
  })

  it('18.7 are answered by a status, whatever is in them', async () => {
    for (const target of [
      '/_hoptrace/v1/hops/x?of=%',
      `/_hoptrace/v1/hops/${'f'.repeat(32)}?of=%E0%A4%A`,
      `/_hoptrace/v1/hops/${'f'.repeat(32)}?of=[]`,
      `/_hoptrace/v1/hops/${'f'.repeat(32)}?of={"address":1}`,
      '/_hoptrace/v1/%',
      '/_hoptrace/v1/progress/%E0',
    ]) {
      const { status, ended } = await ask(
        { socketPath },
        `${target}${target.includes('?') ? '&' : '?'}run=${run}`,
      )
      expect({ target, ended }).toEqual({ target, ended: true })
      expect(status).toBeGreaterThanOrEqual(200)
      expect(status).toBeLessThan(500)
    }
  })
})
