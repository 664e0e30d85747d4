import { createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/fastify'
import fastify from 'fastify'
import { serveUntilStopped } from '../lifecycle.js'
import type { OrderItem } from '../order.js'
import { readSettings } from '../settings.js'
import { pick } from './warehouse.js'

const { port, ...settings } = readSettings()
const tracer = createTracer({ service: 'inventory', ...settings })

const app = fastify({ forceCloseConnections: true })
await app.register(hoptrace(tracer))

app.post<{ Body: { orderId: string; items: OrderItem[] } }>('/reservations', async (request, reply) => {
  const { items } = request.body
  for (const item of items) {
    const shelf = await pick(item, (piece) => tracer.hop?.event('stock.picked', { sku: item.sku, piece }))
    tracer.hop?.event('stock.reserved', { sku: item.sku, quantity: item.quantity, shelf })
  }
  return reply.status(201).send({ reserved: items.length })
})

await app.listen({ port, host: '127.0.0.1' })
serveUntilStopped(port, tracer, () => app.close())
