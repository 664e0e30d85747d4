import 'reflect-metadata'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { serverAdapterSuite, type KitReply, type KitRoute, type ServerSetup } from '@hoptrace/testkit'
import {
  Controller,
  Get,
  Module,
  NotFoundException,
  Post,
  Req,
  Res,
  type ArgumentsHost,
  type Type,
} from '@nestjs/common'
import { BaseExceptionFilter, NestFactory, type AbstractHttpAdapter } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { Request, Response } from 'express'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HoptraceModule } from './index.js'

type Sent = Extract<KitReply, { readonly status: number }>

/** How a platform gives a handler Node's objects, and how a handler answers on it. */
interface Platform<Req, Res> {
  readonly adapter: () => AbstractHttpAdapter
  readonly raw: (req: Req, res: Res) => { readonly req: IncomingMessage; readonly res: ServerResponse }
  /** Undefined: the handler has answered by itself. */
  readonly reply: (res: Res, answer: Sent | undefined) => unknown
}

const onExpress: Platform<Request, Response> = {
  adapter: () => new ExpressAdapter(),
  raw: (req, res) => ({ req, res }),
  reply: (res, answer) => {
    if (answer === undefined) return undefined
    res.status(answer.status).set(answer.headers ?? {})
    return answer.body instanceof Readable ? answer.body.pipe(res) : res.send(answer.body)
  },
}

const onFastify: Platform<FastifyRequest, FastifyReply> = {
  adapter: () => new FastifyAdapter(),
  raw: (req, res) => ({ req: req.raw, res: res.raw }),
  reply: (res, answer) => {
    if (answer === undefined) return res.hijack()
    return res
      .code(answer.status)
      .headers(answer.headers ?? {})
      .send(answer.body)
  },
}

/** A controller with one route, as decorators make it. */
function controllerOf<Request extends object, Res>(
  { raw, reply }: Platform<Request, Res>,
  { method, path, mount = '', handle }: KitRoute,
): Type {
  class Kit {
    async answer(request: Request, response: Res): Promise<void> {
      const { params, body } = request as { params: Record<string, string>; body: unknown }
      const answer = await handle({ ...raw(request, response), params, body })
      reply(response, answer !== undefined && 'passOn' in answer ? undefined : answer)
    }
  }
  const route = method === 'GET' ? Get(path) : Post(path)
  route(Kit.prototype, 'answer', Object.getOwnPropertyDescriptor(Kit.prototype, 'answer') ?? {})
  Req()(Kit.prototype, 'answer', 0)
  Res()(Kit.prototype, 'answer', 1)
  Controller(mount)(Kit)
  return Kit
}

const create =
  <Req extends object, Res>(platform: Platform<Req, Res>) =>
  async ({ tracer, routes, onError }: ServerSetup): Promise<Server> => {
    class App {}
    Module({
      imports: tracer === undefined ? [] : [HoptraceModule.forRoot(tracer)],
      controllers: routes.map((route) => controllerOf(platform, route)),
    })(App)
    const app = await NestFactory.create(App, platform.adapter(), { logger: false })
    class Seen extends BaseExceptionFilter {
      override catch(exception: unknown, host: ArgumentsHost): void {
        // Nest makes one for each unknown path; other frameworks answer it without an error.
        if (!(exception instanceof NotFoundException)) onError(exception)
        super.catch(exception, host)
      }
    }
    app.useGlobalFilters(new Seen(app.getHttpAdapter()))
    await app.init()
    const server = app.getHttpServer() as Server
    await (app.getHttpAdapter().getInstance() as { ready?: () => Promise<void> }).ready?.()
    return server
  }

const supports = { asyncErrors: true, passOn: false, handled: false }

serverAdapterSuite({ name: 'Nest on Express', supports, create: create(onExpress) })
serverAdapterSuite({ name: 'Nest on Fastify', supports, create: create(onFastify) })
