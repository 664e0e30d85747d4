import { createRequire } from 'node:module'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import axios from 'axios'
import type { Tracing, TracingSettings } from './tracing.js'

/**
 * Traces a service with OpenTelemetry JS as its guide sets it up: HTTP instrumentation (a server span a request, a client
 * span a call), batch processor at its defaults, OTLP over HTTP.
 */
export function startTracing({ service, timeoutMillis, otlpUrl }: TracingSettings): Tracing {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: otlpUrl }))],
  })
  provider.register()
  registerInstrumentations({ tracerProvider: provider, instrumentations: [new HttpInstrumentation()] })
  // The instrumentation takes hold of the module when it is required for the first time from here on.
  createRequire(import.meta.url)('node:http')
  return {
    tracer: undefined,
    http: axios.create({ timeout: timeoutMillis, validateStatus: () => true }),
    name: (request) => void trace.getActiveSpan()?.setAttribute('request', request),
    close: () => provider.shutdown(),
  }
}
