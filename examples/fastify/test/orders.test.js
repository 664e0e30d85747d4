import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { createResolver, createTracer } from '@hoptrace/core'
import { buildApp } from '../src/app.js'

let dataDir, app, stock
before(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'example-fastify-'))
  stock = createServer((request, response) =>
    response.end(JSON.stringify({ left: request.url.endsWith('/cup') ? 4 : 0 })),
  )
  await new Promise((resolve) => stock.listen(0, '127.0.0.1', resolve))
  app = await buildApp({
    tracer: createTracer({ service: 'orders', dataDir }),
    stockUrl: `http://127.0.0.1:${stock.address().port}`,
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
})
after(async () => {
  await app.close()
  stock.close()
  stock.closeAllConnections()
  await rm(dataDir, { recursive: true, force: true })
})

const order = (id, sku, quantity) =>
  fetch(`http://127.0.0.1:${app.server.address().port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, sku, quantity }),
  })

test('an order is accepted while there is stock', async () => {
  assert.equal((await order('1', 'cup', 4)).status, 201)
  assert.equal((await order('2', 'pot', 1)).status, 409)
  assert.equal((await order('3', 'cup', 0)).status, 400)
})

test('what became of an order can be asked afterwards', async () => {
  await app.tracer.flush()
  const resolver = createResolver({ dir: dataDir })
  const { verdict, hops } = await resolver.resolve('orderId=1')
  await resolver.close()
  assert.equal(verdict, 'completed')
  assert.deepEqual(
    hops.map(({ route, status, events, next }) => [
      route,
      status,
      events.map(({ name }) => name),
      next.length,
    ]),
    [['/orders', 201, ['order.accepted'], 1]],
  )
})
