import type { Server } from 'node:http'
import { listen } from '@hoptrace/testkit'
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common'
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'

/** What Nest runs on. */
export const platforms: readonly (readonly [string, () => AbstractHttpAdapter])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
]

/** Decorates a class, or one of its methods, as the syntax for it does, which needs an option of the compiler. */
export function decorate(
  target: new (...given: never[]) => object,
  method: string,
  ...decorators: readonly MethodDecorator[]
): void {
  const prototype = target.prototype as object
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method) ?? {}
  for (const decorator of decorators) decorator(prototype, method, descriptor)
}

/** A module class with the metadata of `@Module()`. */
export function moduleOf(metadata: ModuleMetadata): new () => object {
  class App {}
  Module(metadata)(App)
  return App
}

/** An application that listens, until it is disposed of. */
export interface RunningApplication extends AsyncDisposable {
  readonly app: INestApplication
  readonly port: number
}

/** Starts an application; `prepare` gets it before its routes are made. */
export async function serve(
  adapter: AbstractHttpAdapter,
  metadata: ModuleMetadata,
  prepare: (app: INestApplication) => void = () => undefined,
): Promise<RunningApplication> {
  const app = await NestFactory.create(moduleOf(metadata), adapter, {
    logger: false,
    abortOnError: false,
  })
  prepare(app)
  return running(app)
}

/** Lets an application listen. */
export async function running(app: INestApplication): Promise<RunningApplication> {
  await app.init()
  await (app.getHttpAdapter().getInstance() as { ready?: () => Promise<unknown> }).ready?.()
  const server = await listen(app.getHttpServer() as Server)
  return {
    app,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await app.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
