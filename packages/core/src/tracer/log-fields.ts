import type { Tracer } from './tracer.js'

/** The request being handled, as fields of a log line. */
export interface LogFields {
  readonly traceId?: string
  readonly hopId?: string
  readonly service?: string
}

/**
 * What joins log lines to traces: `pino({ mixin: logMixin(tracer) })`. The fields are empty outside any hop. Raw ids: logs
 * stay inside.
 */
export function logMixin(tracer: Tracer): () => LogFields {
  return () => {
    const { hop } = tracer
    return hop === undefined ? {} : { traceId: hop.traceId, hopId: hop.id, service: hop.service }
  }
}

/** The same for winston: `format: format.combine(logFormat(tracer), format.json())`. */
export function logFormat(tracer: Tracer): { transform<Info extends object>(this: void, info: Info): Info } {
  const fields = logMixin(tracer)
  return { transform: (info) => Object.assign(info, fields()) }
}
