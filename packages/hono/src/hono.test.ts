import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { serverAdapterSuite, type ServerSetup } from '@hoptrace/testkit'
import { createAdaptorServer as createAdaptorServer1 } from 'hono-node-server1'
import { appOf, type App } from './app.fixture.js'

const create =
  (serverOf: (fetch: App['fetch']) => Server) =>
  (setup: ServerSetup): Server =>
    serverOf(appOf(setup).fetch)

const supports = { asyncErrors: true, passOn: false, handled: true }

serverAdapterSuite({
  name: 'Hono on @hono/node-server 2',
  supports,
  create: create((fetch) => createAdaptorServer({ fetch }) as Server),
})
serverAdapterSuite({
  name: 'Hono on @hono/node-server 1',
  supports,
  create: create((fetch) => createAdaptorServer1({ fetch }) as Server),
})
