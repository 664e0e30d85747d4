import { createRequire } from 'node:module'
import type Http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTracer } from '@hoptrace/core'
import { context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type Express from 'express'
import { hoptrace } from './index.js'

// A service that only OpenTelemetry instruments: its name, and the port of the service that it calls.
const [service = 'orders', leaf] = process.argv.slice(2)
const tracer = createTracer({ service })
const { textMapPropagator, ...parts } = hoptrace(tracer)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(textMapPropagator)
registerInstrumentations({
  tracerProvider: new NodeTracerProvider(parts),
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
})

const require = createRequire(import.meta.url)
const http = require('node:http') as typeof Http
const express = require('express') as typeof Express

const app = express()
app.get('/orders/:id', (req, res) => {
  const { id } = req.params
  if (id === 'die' && leaf === undefined) process.kill(process.pid, 'SIGKILL')
  if (leaf === undefined) return void res.json({ id, hopId: tracer.hop?.id })
  http
    .get({ host: '127.0.0.1', port: Number(leaf), path: `/orders/${id}` }, (answer) => answer.pipe(res))
    .on('error', () => res.status(502).end())
})
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
