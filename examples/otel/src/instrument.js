import { register } from 'node:module'
import { createTracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/otel'
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeSDK } from '@opentelemetry/sdk-node'

// OpenTelemetry's loader, for applications of ES modules.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)

const tracer = createTracer({ service: 'orders' })
const sdk = new NodeSDK({
  ...hoptrace(tracer, { keys: { 'order.id': 'orderId' } }),
  instrumentations: [new HttpInstrumentation(), new ExpressInstrumentation()],
})
sdk.start()

process.once('SIGTERM', async () => {
  await sdk.shutdown()
  await tracer.close()
  process.exit()
})
