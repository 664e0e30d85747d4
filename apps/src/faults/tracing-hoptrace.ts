import { traceAxios } from '@hoptrace/axios'
import { createTracer } from '@hoptrace/core'
import axios from 'axios'
import { fragileStore } from './fragile-store.js'
import type { Tracing, TracingSettings } from './tracing.js'

/** Traces a service with hoptrace, with short windows, so that a run of a few seconds sees records in log and store. */
export function startTracing({ service, dataDir, store, fragile, timeoutMillis }: TracingSettings): Tracing {
  const tracer = createTracer({
    service,
    dataDir,
    windowMillis: 1000,
    graceMillis: 250,
    ...(store ? { store } : fragile ? { store: fragileStore(dataDir, service) } : {}),
  })
  return {
    tracer,
    http: traceAxios(axios.create({ timeout: timeoutMillis, validateStatus: () => true }), tracer),
    name: (request) => tracer.hop?.setKey('request', request),
    close: () => tracer.close(),
  }
}
