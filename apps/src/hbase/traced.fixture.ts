import { createTracer, type StoreSpec } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { traceAxios } from '@hoptrace/axios'
import axios from 'axios'
import express from 'express'
import { serveUntilStopped } from '../services/lifecycle.js'

/** A traced service with a separate store; its settings are in its environment. */
const { SERVICE = 'service', PORT = '0', STORE = '{}', NEXT = '', MAX_LOG_BYTES = '' } = process.env

const tracer = createTracer({
  service: SERVICE,
  store: JSON.parse(STORE) as StoreSpec,
  windowMillis: 500,
  graceMillis: 200,
  ...(MAX_LOG_BYTES === '' ? {} : { maxLogBytes: Number(MAX_LOG_BYTES) }),
})
const http = traceAxios(axios.create({ validateStatus: () => true }), tracer)
const app = express()

// Not traced: what tests ask.
app.get('/stats', (_req, res) => void res.json(tracer.stats()))
app.get('/flush', (_req, res, next) => void tracer.flush().then(() => res.json(tracer.stats()), next))

app.use(hoptrace(tracer))
app.get('/work/:n', async (req, res) => {
  tracer.hop?.setKey('n', `${SERVICE}-${req.params.n}`)
  tracer.hop?.event('worked', { n: req.params.n, note: 'x'.repeat(100) })
  const below: unknown = NEXT === '' ? null : (await http.get(`${NEXT}/work/${req.params.n}`)).data
  res.json({ n: req.params.n, below })
})

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  serveUntilStopped(Number(PORT), tracer, () => new Promise((resolve) => server.close(resolve)))
})
