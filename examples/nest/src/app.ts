import 'reflect-metadata'
import type { Tracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import { Module, type DynamicModule, type INestApplication } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { CatsController } from './cats.controller'
import { RecordErrors, TRACER, TracingModule } from './tracing'

@Module({})
class AppModule {
  static of(dataDir?: string): DynamicModule {
    return {
      module: AppModule,
      imports: [TracingModule.forService('cats', dataDir)],
      controllers: [CatsController],
    }
  }
}

/** The application, which does not listen yet. */
export async function buildApp(dataDir?: string): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.of(dataDir), { logger: ['error', 'warn'] })
  // Before Nest's own routes, so that every request has a hop.
  app.use(hoptrace(app.get(TRACER)))
  // Nest's filters answer errors before Express sees them.
  app.useGlobalInterceptors(new RecordErrors(app.get<Tracer>(TRACER)))
  app.enableShutdownHooks()
  return app
}
