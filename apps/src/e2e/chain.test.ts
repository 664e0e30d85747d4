import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openResolver, type Answer } from '@hoptrace/cli'
import { deriveSealKey, unsealId } from '@hoptrace/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { placeOrder, someOrder, type Placed } from '../chain/shop.js'
import { answer, ask } from '../demo/ask.js'
import { scenarios } from '../demo/scenarios.js'
import { differences, type Stage } from '../demo/scenario.js'
import { expectAnswerShape } from './answer-shape.js'
import { comparable } from '../demo/comparable.js'

describe('a chain of five real processes', () => {
  let chain: Chain
  let where: { dataDir: string; store: string }
  let stage: Stage
  const answers = new Map<string, { subject: string; answer: Answer }>()
  const over = scenarios.filter((scenario) => scenario.expected.verdict !== 'running')
  const running = scenarios.find((scenario) => scenario.expected.verdict === 'running')

  beforeAll(async () => {
    where = { dataDir: await mkdtemp(path.join(tmpdir(), 'hoptrace-e2e-')), store: 'level' }
    chain = new Chain({ ports: await freePorts(), dataDir: where.dataDir })
    let order = 0
    stage = { chain, where, orderId: () => `e2e-${++order}`, say: () => undefined }
    await chain.startAll()
  })

  afterAll(async () => {
    await chain.stopAll()
    await rm(where.dataDir, { recursive: true, force: true })
  })

  describe.each(over)('whose request $caused', (scenario) => {
    it(`is ${scenario.expected.verdict}, whichever way it is asked`, async () => {
      const caused = await scenario.cause(stage)
      const asked = await ask(where, caused.subject, scenario.expected)
      // Whatever the answer was, the next scenario needs the service.
      await scenario.repair?.(stage)
      expect(asked.wrong).toEqual([])
      expectAnswerShape(JSON.parse(JSON.stringify(asked.answers.recursive)))
      expectAnswerShape(JSON.parse(JSON.stringify(asked.answers.iterative)))
      expect(comparable(asked.answers.iterative)).toEqual(comparable(asked.answers.recursive))
      answers.set(scenario.name, { subject: caused.subject, answer: asked.answers.iterative })
    })
  })

  it('shows what a killed service had called below it', () => {
    const { hops } = answers.get('killed after calling on')?.answer ?? { hops: [] }
    const payments = hops.find((hop) => hop.service === 'payments')
    const inventory = hops.find((hop) => hop.service === 'inventory')
    expect(payments?.next.map((call) => call.hopId)).toEqual([inventory?.hopId])
    expect(inventory).toMatchObject({ status: 201, state: 'closed' })
  })

  it('finds ten orders of one customer, newest first, and each by its own id', async () => {
    const customer = 'a-regular'
    const placed: Placed[] = []
    for (let index = 0; index < 10; index++) {
      placed.push(await placeOrder(chain.entryUrl, someOrder(`ten-${index}`, { customer })))
    }
    const resolver = openResolver({ dir: where.dataDir })
    try {
      const ofCustomer = await resolver.find({ key: 'customer', value: customer, limit: 50 })
      // Customers are given sealed ids; the data directory keeps the key.
      const sealKey = deriveSealKey((await readFile(path.join(where.dataDir, 'key'), 'utf8')).trim())
      const rawId = ({ traceId = '' }: Placed) => unsealId(sealKey, traceId)
      const newestFirst = placed.map(rawId).reverse()
      expect(ofCustomer.map((one) => one.traceId)).toEqual(newestFirst)
      for (const one of placed) {
        const found = await resolver.find({ key: 'orderId', value: one.orderId })
        expect(new Set(found.map((trace) => trace.traceId))).toEqual(new Set([rawId(one)]))
      }
    } finally {
      await resolver.close()
    }
  })

  it('says running while a slow order is picked, and where', async () => {
    expect.assert(running)
    const caused = await running.cause(stage)
    const asked = await ask(where, caused.subject, running.expected)
    expect(asked.wrong).toEqual([])
  })

  it('says the same of everything from the stores alone, when every process has ended', async () => {
    await chain.stopAll()
    expect(answers.size).toBe(over.length)
    for (const scenario of over) {
      const before = answers.get(scenario.name)
      expect.assert(before)
      const after = await answer(where, before.subject, 'iterative')
      const { expected } = scenario
      const verdict = expected.afterTheEnd?.find((one) => one === after.verdict) ?? expected.verdict
      expect(differences(after, { ...expected, verdict })).toEqual([])
      expect(after.hops.every((hop) => hop.source !== 'live')).toBe(true)
    }
  })
})
