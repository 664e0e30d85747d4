import { createTracer, type Tracer } from '@hoptrace/core'
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common'

export const TRACER = Symbol('tracer')

/** The tracer for everything that injects `TRACER`; it is closed with the application. */
@Global()
@Module({})
export class TracingModule implements OnApplicationShutdown {
  constructor(@Inject(TRACER) private readonly tracer: Tracer) {}

  static forService(service: string, dataDir?: string): DynamicModule {
    const tracer = createTracer({ service, ...(dataDir === undefined ? {} : { dataDir }) })
    return { module: TracingModule, providers: [{ provide: TRACER, useValue: tracer }], exports: [TRACER] }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracer.close()
  }
}
