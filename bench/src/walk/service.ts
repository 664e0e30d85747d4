import { createTracer, type StoreSpec } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { traceAxios } from '@hoptrace/axios'
import axios from 'axios'
import express from 'express'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** What a service is told when it starts. */
export interface ServiceStart {
  readonly service: string
  readonly dataDir: string
  readonly clusterKey: string
  readonly store?: StoreSpec
  /** The service that it calls. */
  readonly next: string | undefined
}

/** Orders: hops of its own, to fill the store; and everything into the store. */
export type ServiceOrder = { readonly fill: number } | { readonly flush: true }

const [start] = (await once(process, 'message')) as [ServiceStart]
const { service, dataDir, clusterKey, store, next } = start
const tracer = createTracer({
  service,
  dataDir,
  clusterKey,
  ...(store === undefined ? {} : { store }),
  windowMillis: 1000,
  graceMillis: 500,
})
const client = traceAxios(axios.create(), tracer)
const app = express()
app.use(hoptrace(tracer))
app.post('/orders/:id', (req, res) => {
  tracer.hop?.event('work.done', { service })
  if (service === 'gateway') tracer.hop?.setKey('orderId', req.params.id)
  const called = next === undefined ? undefined : client.post(`${next}/orders/${req.params.id}`)
  Promise.resolve(called).then(
    () => res.json({ hop: tracer.hop?.id }),
    () => res.sendStatus(502),
  )
})
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

async function fill(hops: number): Promise<void> {
  for (let i = 0; i < hops; i++) {
    tracer.run({ name: 'fill' }, () => tracer.hop?.event('work.done', { i }))
    if (i % 500 === 499) await tracer.flush()
  }
}

process.on('message', (order: ServiceOrder) => {
  void (async () => {
    if ('fill' in order) await fill(order.fill)
    else await tracer.flush()
    process.send?.('done')
  })()
})
process.on('disconnect', () => {
  server.closeAllConnections()
  server.close()
  void tracer.close().finally(() => process.exit(0))
})
