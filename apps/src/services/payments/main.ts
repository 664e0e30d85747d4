import { createServer } from 'node:http'
import Router from '@koa/router'
import { createTracer } from '@hoptrace/core'
import { traceAxios } from '@hoptrace/axios'
import { hoptrace } from '@hoptrace/koa'
import axios from 'axios'
import Koa from 'koa'
import { failure } from '../failure.js'
import { serveUntilStopped } from '../lifecycle.js'
import type { Order } from '../order.js'
import { readSettings, urlOf } from '../settings.js'
import { captureMoney } from './card-network.js'
import { readJson } from './read-json.js'

const { port, ...settings } = readSettings()
const tracer = createTracer({ service: 'payments', ...settings })
const http = traceAxios(axios.create(), tracer)

const app = new Koa()
app.use(hoptrace(tracer))
app.use(async (ctx, next) => {
  try {
    await next()
  } catch (error) {
    const { status, body } = failure(error)
    ctx.status = status
    ctx.body = body
  }
})

const router = new Router()
router.post('/payments', async (ctx) => {
  const { order, amountCents } = (await readJson(ctx.req)) as { order: Order; amountCents: number }
  tracer.hop?.event('payment.authorized', { amountCents, card: `…${order.card.slice(-4)}` })

  // Money is captured only for goods that are there.
  await http.post(
    `${urlOf('inventory')}/reservations`,
    { orderId: order.id, items: order.items },
    { timeout: order.patienceMillis ?? 1500 },
  )
  await captureMoney(order.card, amountCents)

  tracer.hop?.event('payment.captured', { amountCents })
  ctx.status = 201
  ctx.body = { captured: amountCents }
})
app.use(router.routes())

const server = createServer((req, res) => void app.callback()(req, res))
server.listen(port, '127.0.0.1', () => {
  serveUntilStopped(port, tracer, async () => {
    server.close()
    server.closeAllConnections()
  })
})
