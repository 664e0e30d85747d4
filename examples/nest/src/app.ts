import 'reflect-metadata'
import { HoptraceModule } from '@hoptrace/nest'
import { Module, type DynamicModule, type INestApplication } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { CatsController } from './cats.controller'

@Module({})
class AppModule {
  static of(dataDir?: string): DynamicModule {
    return {
      module: AppModule,
      imports: [HoptraceModule.forRoot({ service: 'cats', ...(dataDir === undefined ? {} : { dataDir }) })],
      controllers: [CatsController],
    }
  }
}

/** The application, which does not listen yet. Its tracer is closed with it. */
export async function buildApp(dataDir?: string): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.of(dataDir), { logger: ['error', 'warn'] })
  app.enableShutdownHooks()
  return app
}
