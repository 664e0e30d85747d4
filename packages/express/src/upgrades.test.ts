import { once } from 'node:events'
import { createServer } from 'node:http'
import { listen, openKitTracer } from '@hoptrace/testkit'
import { Server } from 'engine.io'
import expressWs from 'express-ws'
import express4 from 'express4'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { hoptrace } from './index.js'

describe('Express with WebSockets', () => {
  it('begins no hop for a response that express-ws makes up for a socket that is open already', async () => {
    await using kit = await openKitTracer()
    const bare = express4()
    const httpServer = createServer(bare)
    const { app } = expressWs(bare, httpServer)
    app.use(hoptrace(kit.tracer))
    app.ws('/echo', (socket) =>
      socket.on('message', (message) => socket.send(message as Buffer, { binary: false })),
    )
    await using server = await listen(httpServer)
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/echo`)
    client.on('open', () => client.send('hello'))
    const [echo] = (await once(client, 'message')) as [Buffer]
    expect(String(echo)).toBe('hello')
    client.close()
    await once(client, 'close')
    expect(await kit.records()).toEqual([])
  })

  it('records an upgrade through the middleware of engine.io as answered when the socket answers', async () => {
    await using kit = await openKitTracer()
    const httpServer = createServer()
    const engine = new Server()
    engine.attach(httpServer)
    engine.use(hoptrace(kit.tracer))
    await using server = await listen(httpServer)
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/engine.io/?EIO=4&transport=websocket`)
    await once(client, 'message')
    const records = await kit.records()
    expect(records.map(({ status, state, aborted }) => [status, state, aborted])).toEqual([
      [101, 'closed', false],
    ])
    client.close()
    await once(client, 'close')
    engine.close()
  })
})
