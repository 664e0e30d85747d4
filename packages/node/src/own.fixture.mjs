// An application that has its own tracer and adapter, and reaches the same tracer by the package of the hook.
import { createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { tracer as tracerOfHook } from '@hoptrace/node'
import express from 'express'

const tracer = createTracer({ service: 'own' })
const app = express().use(hoptrace(tracer))
const router = express.Router().get('/:id', (req, res) => {
  tracer.hop?.setKey('orderId', req.params.id)
  res.json({ same: tracerOfHook() === tracer })
})
app.use('/orders', router)
const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }))
})
