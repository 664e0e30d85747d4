import type { HttpBindings } from '@hono/node-server'
import { serveFetch, serverAdapterSuite } from '@hoptrace/testkit'
import { appOf } from './app.fixture.js'

serverAdapterSuite({
  name: 'Hono on a server that takes its `fetch`',
  supports: {
    asyncErrors: true,
    passOn: false,
    handled: true,
    nodeObjects: false,
    connection: !('deno' in process.versions),
  },
  create: (setup) => {
    const app = appOf(setup)
    return serveFetch((request, given) => app.fetch(request, given as HttpBindings), setup.onError)
  },
})
