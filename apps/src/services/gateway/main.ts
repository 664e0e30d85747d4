import { createTracer } from '@hoptrace/core'
import { traceAxios } from '@hoptrace/axios'
import { hoptrace } from '@hoptrace/fastify'
import axios from 'axios'
import fastify from 'fastify'
import { failure } from '../failure.js'
import { serveUntilStopped } from '../lifecycle.js'
import { isOrder } from '../order.js'
import { readSettings, urlOf } from '../settings.js'

const { port, ...settings } = readSettings()
const tracer = createTracer({ service: 'gateway', ...settings })
const http = traceAxios(axios.create({ timeout: 40_000 }), tracer)

const app = fastify({ forceCloseConnections: true })
await app.register(hoptrace(tracer))
app.setErrorHandler((error, _request, reply) => {
  const { status, body } = failure(error)
  return reply.status(status).send(body)
})

app.post('/orders', async (request, reply) => {
  const order = request.body
  if (!isOrder(order)) return reply.status(400).send({ error: 'not an order' })
  tracer.hop?.setKey('orderId', order.id)
  tracer.hop?.setKey('customer', order.customer)
  tracer.hop?.event('order.received')
  const { data } = await http.post<unknown>(`${urlOf('orders')}/orders`, order)
  return reply.status(201).send(data)
})

await app.listen({ port, host: '127.0.0.1' })
serveUntilStopped(port, tracer, () => app.close())
