import { traceAxios } from '@hoptrace/axios'
import { createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/fastify'
import axios from 'axios'
import Fastify from 'fastify'
import stock from './plugins/stock.js'
import orders from './routes/orders.js'

/** The application: a plugin that others use, and routes with a prefix. `stockUrl`: where the stock is asked for. */
export async function buildApp({ tracer = createTracer({ service: 'orders' }), stockUrl } = {}) {
  const app = Fastify({ logger: process.env.NODE_ENV === 'production' })
  // First, so that every request has a hop.
  await app.register(hoptrace(tracer))
  app.decorate('tracer', tracer)
  await app.register(stock, { http: traceAxios(axios.create(), tracer), url: stockUrl })
  await app.register(orders, { prefix: '/orders' })
  // What was recorded is shipped when the application closes, and the process can end.
  app.addHook('onClose', () => tracer.close())
  return app
}
