import { createRequire } from 'node:module'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Tracer } from '@hoptrace/core'
import {
  context,
  propagation,
  SpanKind,
  trace,
  type TextMapPropagator,
  type Tracer as SpanTracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import type Express from 'express'
import { hoptrace, type HopOptions } from './index.js'

/** Servers that OpenTelemetry sees and hoptrace does not: what an adapter changes shows in the comparison. */
export const bareServers = new WeakSet<Server>()

const isBare = ({ socket }: IncomingMessage): boolean => {
  const { server } = socket as Socket & { readonly server?: Server }
  return server !== undefined && bareServers.has(server)
}

/** What OpenTelemetry sees of a test. */
export const seen = { servers: true }

let fed: Tracer | undefined
/** Is the request that begins now one of a bare server? */
let bare = false

const instrumentations = [
  new HttpInstrumentation({
    startIncomingSpanHook: (request) => {
      bare = isBare(request)
      return {}
    },
    ignoreIncomingRequestHook: () => !seen.servers,
    // What a test itself sends.
    ignoreOutgoingRequestHook: () => fed?.hop === undefined,
  }),
  new ExpressInstrumentation(),
  new UndiciInstrumentation(),
]

const require = createRequire(import.meta.url)
// An instrumentation patches what is required after it was made.
require('node:http')
/** Express as an application of CommonJS gets it. */
export const express = require('express') as typeof Express

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

const plain = new NodeTracerProvider()
const w3c = new W3CTraceContextPropagator()

/** From now on, OpenTelemetry feeds this tracer, except from bare servers. */
export function feed(tracer: Tracer, options?: HopOptions): TracerProvider {
  fed = tracer
  const { textMapPropagator: own, ...parts } = hoptrace(tracer, options)
  const provider = exceptBare(new NodeTracerProvider(parts))
  for (const one of instrumentations) one.setTracerProvider(provider)
  const propagator: TextMapPropagator = {
    extract: (...args) => (bare ? w3c : own).extract(...args),
    inject: (...args) => own.inject(...args),
    fields: () => own.fields(),
  }
  propagation.disable()
  propagation.setGlobalPropagator(propagator)
  return provider
}

function exceptBare(fedBy: TracerProvider): TracerProvider {
  const spans = new WeakSet()
  return {
    getTracer(...args): SpanTracer {
      const [bareTracer, tracer] = [plain.getTracer(...args), fedBy.getTracer(...args)]
      return {
        startActiveSpan: tracer.startActiveSpan.bind<SpanTracer['startActiveSpan']>(tracer),
        startSpan(name, options = {}, active = context.active()) {
          const parent = trace.getSpan(active)
          const isOfBare = options.kind === SpanKind.SERVER ? bare : parent !== undefined && spans.has(parent)
          if (!isOfBare) return tracer.startSpan(name, options, active)
          const span = bareTracer.startSpan(name, options, active)
          spans.add(span)
          return span
        },
      }
    },
  }
}
