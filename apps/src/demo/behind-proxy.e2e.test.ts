import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { ask } from './ask.js'
import type { Stage } from './scenario.js'
import { scenarios } from './scenarios.js'
import type { Where } from './where.js'

// The plain chain is held to the same expectations by e2e/chain.test.ts.
describe('the demo behind reverse proxies', () => {
  let chain: Chain
  let where: Where
  let stage: Stage

  beforeAll(async () => {
    const fronts = await freePorts()
    where = { dataDir: await mkdtemp(path.join(tmpdir(), 'hoptrace-behind-')), store: 'level', fronts }
    chain = new Chain({ ports: await freePorts(), fronts, dataDir: where.dataDir })
    let order = 0
    stage = { chain, where, orderId: () => `behind-${++order}`, say: () => undefined }
    await chain.startAll()
  })

  afterAll(async () => {
    await chain.stopAll()
    await rm(where.dataDir, { recursive: true, force: true })
  })

  it.each(scenarios)('has the same ending when $caused', async (scenario) => {
    const caused = await scenario.cause(stage)
    const { wrong } = await ask(where, caused.subject, scenario.expected, 40_000)
    await scenario.repair?.(stage)
    expect(wrong).toEqual([])
  })
})
