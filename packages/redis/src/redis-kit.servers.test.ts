import { openStore } from '@hoptrace/core/store'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { storeKit } from '@hoptrace/testkit/store'
import { afterAll, beforeAll } from 'vitest'

describeRealServer('redis', 'the store of its keys', () => {
  let server: RunningServer
  let grounds = 0
  beforeAll(async () => {
    server = await startServer('redis')
  })
  afterAll(() => server.wipe())

  storeKit({
    name: 'Redis',
    create: async () => {
      const context = { dataDir: '.', service: `kit-${++grounds}` }
      return {
        connect: () => openStore({ kind: 'redis', url: server.url }, context),
        away: async () => {
          await server.kill9()
          return { back: () => server.restart() }
        },
        // All of them go with the server.
        remove: async () => undefined,
      }
    },
  })
})
