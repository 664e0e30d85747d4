import { createTracer, type Tracer, type TracerOptions } from '@hoptrace/core'
import { Inject } from '@nestjs/common'

/** The token of the application's tracer: `@Inject(TRACER) tracer: Tracer`, `app.get<Tracer>(TRACER)`. */
export const TRACER = Symbol.for('hoptrace.nest.tracer')

/** Injects the application's tracer: `constructor(@InjectTracer() private readonly tracer: Tracer)`. */
export const InjectTracer = (): PropertyDecorator & ParameterDecorator => Inject(TRACER)

/** The tracer of an application, and whether the module made it. */
export interface HeldTracer {
  readonly tracer: Tracer
  /** True: the module closes it with the application. */
  readonly own: boolean
}

/** The token of the `HeldTracer`. */
export const HELD = Symbol('hoptrace.nest.held')

/** Makes a tracer of options, and leaves one that the application made as it is. */
export function hold(given: Tracer | TracerOptions): HeldTracer {
  return 'run' in given ? { tracer: given, own: false } : { tracer: createTracer(given), own: true }
}
