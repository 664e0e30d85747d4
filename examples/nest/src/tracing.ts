import { createTracer, type Tracer } from '@hoptrace/core'
import {
  type CallHandler,
  type DynamicModule,
  type ExecutionContext,
  Global,
  Inject,
  Module,
  type NestInterceptor,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { type Observable, tap } from 'rxjs'

export const TRACER = Symbol('tracer')

/** Records every error of a handler, a pipe or an interceptor, whichever filter answers it. */
export class RecordErrors implements NestInterceptor {
  constructor(private readonly tracer: Tracer) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap({ error: (error: unknown) => this.tracer.hop?.fail(error) }))
  }
}

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
