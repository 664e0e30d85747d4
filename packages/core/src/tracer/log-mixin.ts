import type { Tracer } from './tracer.js'

/** The ids of the request being handled, as fields of a log line. */
export interface LogFields {
  readonly traceId?: string
  readonly hopId?: string
}

/**
 * What joins log lines to traces: `pino({ mixin: logMixin(tracer) })`. The fields are empty outside any hop. Raw ids: logs
 * stay inside.
 */
export function logMixin(tracer: Tracer): () => LogFields {
  return () => {
    const { hop } = tracer
    return hop === undefined ? {} : { traceId: hop.traceId, hopId: hop.id }
  }
}
