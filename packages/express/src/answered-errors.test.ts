import 'reflect-metadata'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import {
  Controller,
  Get,
  HttpException,
  Module,
  NotFoundException,
  Param,
  type CallHandler,
  type NestInterceptor,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import express from 'express'
import { createHandler } from 'graphql-http/lib/use/express'
import type graphql from 'graphql'
import { tap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

/** As `graphql-http` loads it: a schema of another copy is refused. */
const { buildSchema } = createRequire(import.meta.url)('graphql') as typeof graphql

/** The README's lines for what answers errors before Express sees them. */
describe('errors that a framework answers by itself are recorded', () => {
  it('of Nest, with an interceptor that tells the hop', async () => {
    class Cats {
      find(id: string): string {
        if (id === 'none') throw new NotFoundException(`no cat ${id}`)
        if (id === 'busy') throw new HttpException('busy', 503)
        if (id === 'broken') throw Object.assign(new Error('the store is away'), { code: 'E_STORE' })
        return id
      }
    }
    Controller('cats')(Cats)
    Get(':id')(Cats.prototype, 'find', Object.getOwnPropertyDescriptor(Cats.prototype, 'find') ?? {})
    Param('id')(Cats.prototype, 'find', 0)
    class App {}
    Module({ controllers: [Cats] })(App)

    await using kit = await openKitTracer()
    const { tracer } = kit
    const app = await NestFactory.create(App, { logger: false })
    app.use(hoptrace(tracer))
    const failures: NestInterceptor = {
      intercept: (_context, next: CallHandler) =>
        next.handle().pipe(tap({ error: (error) => tracer.hop?.fail(error) })),
    }
    app.useGlobalInterceptors(failures)
    await app.init()
    {
      await using server = await listen(app.getHttpServer() as Server)
      const answers = []
      for (const id of ['tom', 'none', 'busy', 'broken']) {
        const { status, body } = await exchange(server.port, { path: `/cats/${id}` })
        answers.push([status, String(body)])
      }
      expect(answers).toEqual([
        [200, 'tom'],
        [404, '{"message":"no cat none","error":"Not Found","statusCode":404}'],
        [503, '{"statusCode":503,"message":"busy"}'],
        [500, '{"statusCode":500,"message":"Internal server error"}'],
      ])
    }
    expect(
      (await kit.records()).map(({ route, status, error }) => [route, status, error?.name, error?.message]),
    ).toEqual([
      ['/cats/:id', 200, undefined, undefined],
      ['/cats/:id', 404, 'NotFoundException', ''],
      ['/cats/:id', 503, 'HttpException', 'busy'],
      ['/cats/:id', 500, 'Error', 'the store is away'],
    ])
    await app.close()
  })

  it('of GraphQL, which answers 200, with its hook behind an operation', async () => {
    await using kit = await openKitTracer()
    const { tracer } = kit
    const schema = buildSchema('type Query { price: Int }')
    const rootValue = {
      price() {
        throw Object.assign(new Error('the store is away'), { code: 'E_STORE' })
      },
    }
    const app = express()
    app.use(hoptrace(tracer))
    app.all(
      '/graphql',
      createHandler({
        schema,
        rootValue,
        onOperation: (_request, _args, { errors }) => {
          for (const error of errors ?? []) tracer.hop?.fail(error.originalError ?? error)
        },
      }),
    )
    await using server = await listen(createServer(app))
    const { status } = await exchange(server.port, {
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ price }"}',
    })
    expect(status).toBe(200)
    expect((await kit.records())[0]).toMatchObject({
      status: 200,
      route: '/graphql',
      error: { message: 'the store is away', code: 'E_STORE' },
    })
  })
})
