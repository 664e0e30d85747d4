import { createTracer } from '@hoptrace/core'
import { traceAxios } from '@hoptrace/axios'
import { hoptrace } from '@hoptrace/express'
import axios from 'axios'
import express, { type ErrorRequestHandler } from 'express'
import { failure } from '../failure.js'
import { serveUntilStopped } from '../lifecycle.js'
import type { Order } from '../order.js'
import { mailSender, type Mail } from '../mails.js'
import { brokerOf, readSettings, urlOf } from '../settings.js'

const PRICE_CENTS = 1995

const { port, ...settings } = readSettings()
const tracer = createTracer({ service: 'orders', ...settings })
const http = traceAxios(axios.create({ timeout: 35_000 }), tracer)

const broker = brokerOf()
const sendMail =
  broker === undefined
    ? (mail: Mail) => http.post(`${urlOf('notify')}/mails`, mail)
    : await mailSender(broker, tracer)

const app = express()
app.use(hoptrace(tracer))
app.use(express.json())

app.post('/orders', async (req, res) => {
  const order = req.body as Order
  const pieces = order.items.reduce((sum, item) => sum + item.quantity, 0)
  tracer.hop?.setKey('orderId', order.id)
  tracer.hop?.setAttributes({ customer: order.customer })
  tracer.hop?.event('order.accepted', { items: order.items.length, pieces })

  const { attachments = 0 } = order
  const mail = sendMail({ to: order.customer, template: 'order-received', attachments })
  const payment = http.post(`${urlOf('payments')}/payments`, { order, amountCents: pieces * PRICE_CENTS })
  await Promise.all([mail, payment])

  tracer.hop?.event('order.confirmed')
  res.status(201).json({ id: order.id, state: 'confirmed' })
})

const answerFailure: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const { status, body } = failure(error)
  res.status(status).json(body)
}
app.use(answerFailure)

const server = app.listen(port, '127.0.0.1', () => {
  serveUntilStopped(port, tracer, async () => {
    server.close()
    server.closeAllConnections()
  })
})
