import { createTracer, type StoreSpec, type Tracer } from '@hoptrace/core'

/** A tracer as the environment says: hoptrace's own variables, and `STORE`, which is the spec of a store in JSON. Windows are short. */
export function tracerOf(service: string, env: NodeJS.ProcessEnv = process.env): Tracer {
  const store = env['STORE'] ?? ''
  return createTracer({
    service,
    windowMillis: 1000,
    graceMillis: 250,
    ...(store === '' ? {} : { store: JSON.parse(store) as StoreSpec }),
  })
}
