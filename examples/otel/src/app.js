import { trace } from '@opentelemetry/api'
import express from 'express'

// Nothing here knows hoptrace.
const app = express()
app.get('/orders/:id', (req, res) => {
  const span = trace.getActiveSpan()
  span?.setAttribute('order.id', req.params.id)
  span?.addEvent('order.found', { items: 3 })
  res.json({ id: req.params.id })
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`)
})
