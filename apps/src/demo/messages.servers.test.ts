import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Chain } from '../chain/chain.js'
import { freePorts } from '../chain/ports.js'
import { ask } from './ask.js'
import { messageScenarios } from './message-scenarios.js'
import type { Stage } from './scenario.js'
import type { Where } from './where.js'

describeRealServer('kafka', 'the demo with mails by message', () => {
  let server: RunningServer
  let chain: Chain
  let where: Where
  let stage: Stage

  beforeAll(async () => {
    server = await startServer('kafka')
    where = { dataDir: await mkdtemp(path.join(tmpdir(), 'hoptrace-messages-')), store: 'level' }
    const env = { SHOP_KAFKA: new URL(server.url).host }
    chain = new Chain({ ports: await freePorts(), dataDir: where.dataDir, env })
    let order = 0
    stage = { chain, where, orderId: () => `message-${++order}`, say: () => undefined }
    await chain.startAll()
  }, 900_000)

  afterAll(async () => {
    await chain?.stopAll()
    await server?.wipe()
    if (where !== undefined) await rm(where.dataDir, { recursive: true, force: true })
  })

  it.each(messageScenarios())('is right when $caused', { timeout: 300_000 }, async (scenario) => {
    const caused = await scenario.cause(stage)
    const { wrong } = await ask(where, caused.subject, scenario.expected, 60_000)
    await scenario.repair?.(stage)
    expect(wrong).toEqual([])
  })
})
