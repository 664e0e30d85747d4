// OpenTelemetry JS as its own guide sets it up: HTTP and framework instrumentation, batch processor, OTLP over HTTP.
import { register } from 'node:module'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { KoaInstrumentation } from '@opentelemetry/instrumentation-koa'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

export function startOpenTelemetry(framework) {
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
  const exporter = new OTLPTraceExporter({ url: process.env.BENCH_OTLP_URL })
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
  provider.register()
  const own = {
    express: () => new ExpressInstrumentation(),
    koa: () => new KoaInstrumentation(),
    fastify: () => new FastifyOtelInstrumentation({ registerOnInitialization: true }),
  }
  registerInstrumentations({ instrumentations: [new HttpInstrumentation(), own[framework]()] })
  return provider
}
