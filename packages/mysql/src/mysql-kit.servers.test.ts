import { openStore } from '@hoptrace/core/store'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { storeKit } from '@hoptrace/testkit/store'
import { afterAll, beforeAll } from 'vitest'

describeRealServer('mysql', 'the store of its tables', () => {
  let server: RunningServer
  let grounds = 0
  beforeAll(async () => {
    server = await startServer('mysql')
  })
  afterAll(() => server.wipe())

  storeKit({
    name: 'MySQL',
    create: async () => {
      const context = { dataDir: '.', service: `kit-${++grounds}` }
      return {
        connect: () => openStore({ kind: 'mysql', url: server.url }, context),
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
