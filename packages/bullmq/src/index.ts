import type { Tracer } from '@hoptrace/core'
import { traceBulk } from './bulk.js'
import { BullmqTelemetry, destinationOf, type BullmqOptions } from './telemetry.js'

export type { BullmqOptions }

/** What is used of a `Queue`, a `Worker` or a `FlowProducer` of BullMQ 5 and 6. */
export interface Traceable {
  readonly name?: string
  readonly opts: { telemetry?: unknown }
}

/**
 * Traces the jobs of a `Queue`, a `Worker` or a `FlowProducer`, and returns it. Adding a job is a call of the
 * current hop; each attempt of a worker is a separate hop, `next` of the call. Do this once, directly after
 * the constructor.
 *
 * Uses BullMQ's option `telemetry`. Throws `TypeError` if another tracer uses it already.
 */
export function traceBullmq<T extends Traceable>(
  instance: T,
  tracer: Tracer,
  options: BullmqOptions = {},
): T {
  const { opts, name } = instance
  const { telemetry = opts.telemetry } = instance as { readonly telemetry?: unknown }
  if (telemetry instanceof BullmqTelemetry && telemetry.hoptrace === tracer) return instance
  if (telemetry !== undefined) {
    throw new TypeError(
      `the queue ${name ?? ''} has the option telemetry already: BullMQ takes one tracer. Leave that option out`,
    )
  }
  const ours = new BullmqTelemetry(tracer, options)
  opts.telemetry = ours
  // A flow producer has read its options already.
  if (isFlowProducer(instance)) instance.telemetry = ours
  else if (isWorker(instance)) {
    tracer.consumes(destinationOf(name ?? ''))
    instance.on('failed', (_job, error) => ours.failed(error))
  } else traceBulk(instance as unknown as Parameters<typeof traceBulk>[0], tracer, options)
  return instance
}

interface FlowProducer {
  telemetry?: unknown
}

function isFlowProducer(instance: object): instance is FlowProducer {
  return 'addBulk' in instance && !('name' in instance)
}

interface Worker {
  on(event: 'failed', listener: (job: unknown, error: unknown) => void): unknown
}

function isWorker(instance: object): instance is Worker {
  return 'run' in instance && 'isRunning' in instance
}
