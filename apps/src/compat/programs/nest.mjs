// Nest, without the syntax for decorators.
import 'reflect-metadata'
import { HoptraceModule } from '@hoptrace/nest'
import { Controller, Get, Module, Param, Query } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

/** Starts an application on `platform`, express or fastify; its server. */
export async function startNest(platform, tracer, order) {
  class Orders {
    one(id, query) {
      return order(id, query)
    }
  }
  Controller('orders')(Orders)
  Get(':id')(Orders.prototype, 'one', Object.getOwnPropertyDescriptor(Orders.prototype, 'one'))
  Param('id')(Orders.prototype, 'one', 0)
  Query()(Orders.prototype, 'one', 1)
  class App {}
  Module({ imports: [HoptraceModule.forRoot(tracer)], controllers: [Orders] })(App)
  const adapter =
    platform === 'fastify'
      ? new (await import('@nestjs/platform-fastify')).FastifyAdapter()
      : new (await import('@nestjs/platform-express')).ExpressAdapter()
  const app = await NestFactory.create(App, adapter, { logger: false })
  await app.listen(0, '127.0.0.1')
  return app.getHttpServer()
}
