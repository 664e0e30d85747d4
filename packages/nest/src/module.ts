import type { Tracer, TracerOptions } from '@hoptrace/core'
import { hoptrace as forExpress } from '@hoptrace/express'
import { hoptrace as forFastify } from '@hoptrace/fastify'
import {
  Inject,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { ExternalContextCreator, HttpAdapterHost } from '@nestjs/core'
import { observeExceptions } from './exceptions.js'
import { observeGraphql } from './graphql.js'
import { HELD, hold, TRACER, type HeldTracer } from './tracer.js'

interface FastifyLike {
  register(plugin: unknown): unknown
}

/** For `forRootAsync`: how to make the tracer of what other modules provide. */
export interface HoptraceAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: FactoryProvider['inject']
  /** Returns the tracer, or the options to make it of. */
  readonly useFactory: (
    ...given: never[]
  ) => Tracer | TracerOptions | Promise<Tracer> | Promise<TracerOptions>
}

/**
 * Records each request of a Nest application as a hop, on `@nestjs/platform-express` and `@nestjs/platform-fastify`. The
 * module is global, and provides the tracer as `TRACER`. Responses, errors and exception filters do not change.
 *
 * A tracer that the module makes of options is closed when the application is; one that it is given stays open.
 */
export class HoptraceModule implements OnApplicationShutdown {
  private readonly held: HeldTracer
  private readonly server: HttpAdapterHost
  private recording = false

  constructor(held: HeldTracer, server: HttpAdapterHost, creator: ExternalContextCreator) {
    this.held = held
    this.server = server
    observeExceptions()
    observeGraphql(held.tracer, creator)
    this.record()
  }

  /** `forRoot({ service: 'cats' })`, or with a tracer. Throws what `createTracer` throws. */
  static forRoot(given: Tracer | TracerOptions): DynamicModule {
    return provide({ provide: HELD, useFactory: () => hold(given) })
  }

  /** `forRootAsync({ inject: [ConfigService], useFactory: (config) => ({ service: config.get('name') }) })` */
  static forRootAsync({ imports, inject, useFactory }: HoptraceAsyncOptions): DynamicModule {
    const make = useFactory as (
      ...given: unknown[]
    ) => Tracer | TracerOptions | Promise<Tracer | TracerOptions>
    const held: FactoryProvider = {
      provide: HELD,
      useFactory: async (...given: unknown[]) => hold(await make(...given)),
      ...(inject === undefined ? {} : { inject }),
    }
    return provide(held, imports)
  }

  /** Of Nest: before the first route, where a test's application has its HTTP adapter, which it gets after its modules. */
  configure(): void {
    this.record()
  }

  /** Of Nest. */
  async onApplicationShutdown(): Promise<void> {
    if (this.held.own) await this.held.tracer.close()
  }

  /** As early as possible, so that all other middleware runs in the hop. */
  private record(): void {
    // There is none in an application context, nor in a module of `@nestjs/testing` until it is an application.
    const adapter = this.server.httpAdapter as HttpAdapterHost['httpAdapter'] | null | undefined
    if (this.recording || adapter === null || adapter === undefined) return
    this.recording = true
    const { tracer } = this.held
    switch (adapter.getType()) {
      case 'express':
        adapter.use(forExpress(tracer))
        break
      case 'fastify':
        adapter.getInstance<FastifyLike>().register(forFastify(tracer))
    }
  }
}

// As the decorators of parameters do it, which our build does not know.
for (const [index, token] of [HELD, HttpAdapterHost, ExternalContextCreator].entries())
  Inject(token)(HoptraceModule, undefined, index)

function provide(held: FactoryProvider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  const tracer = { provide: TRACER, inject: [HELD], useFactory: ({ tracer }: HeldTracer) => tracer }
  return { module: HoptraceModule, global: true, imports, providers: [held, tracer], exports: [TRACER] }
}
