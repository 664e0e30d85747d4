import 'reflect-metadata'
import { exchange, openKitTracer } from '@hoptrace/testkit'
import { Catch, HttpException, UseFilters, type ExceptionFilter } from '@nestjs/common'
import {
  AbstractGraphQLDriver,
  GraphQLModule,
  Mutation,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql'
import type { FastifyInstance } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import { createHandler as handlerOfExpress } from 'graphql-http/lib/use/express'
import { createHandler as handlerOfFastify } from 'graphql-http/lib/use/fastify'
import { describe, expect, it } from 'vitest'
import { decorate, platforms, serve } from './application.fixture.js'
import { HoptraceModule } from './index.js'

/** The driver of a server that has no package for Nest. */
class HttpDriver extends AbstractGraphQLDriver {
  start({ schema }: { readonly schema: GraphQLSchema }): Promise<void> {
    const { httpAdapter } = this.httpAdapterHost
    if (httpAdapter.getType() === 'express')
      httpAdapter.post('/graphql', handlerOfExpress({ schema }) as never)
    else httpAdapter.getInstance<FastifyInstance>().post('/graphql', handlerOfFastify({ schema }))
    return Promise.resolve()
  }
  stop(): Promise<void> {
    return Promise.resolve()
  }
}

class Returned implements ExceptionFilter {
  catch(exception: Error): Error {
    return exception
  }
}
Catch()(Returned)

class Cats {
  cats(): readonly object[] {
    return [{ name: 'Tom' }, { name: 'Kit' }]
  }
  broken(): never {
    throw Object.assign(new Error('the store is away'), { code: 'E_STORE' })
  }
  refused(): never {
    throw new HttpException('no secret', 400)
  }
  feed(): boolean {
    return true
  }
  friend(): string {
    return 'Ada'
  }
}
Resolver('Cat')(Cats)
decorate(Cats, 'cats', Query('cats'))
decorate(Cats, 'broken', Query('broken'))
decorate(Cats, 'refused', Query('refused'), UseFilters(Returned))
decorate(Cats, 'feed', Mutation('feed'))
decorate(Cats, 'friend', ResolveField('friend'))

const typeDefs = `
  type Cat { name: String friend: String }
  type Query { cats: [Cat] broken: Int refused: Int }
  type Mutation { feed: Boolean }
`

describe.each(platforms)('GraphQL in Nest on %s', (_, adapter) => {
  it('has the operation on its hop, and the errors of its resolvers, and answers as without', async () => {
    const graphql = GraphQLModule.forRoot({ driver: HttpDriver, typeDefs, path: '/graphql' })
    const documents = [
      'query Friends { cats { name friend } again: cats { name } }',
      '{ cats { name } }',
      'mutation Feed { feed }',
      'query Broken { broken }',
      'query Refused { refused }',
      'query Missing { secret }',
    ]
    const answersOf = async (port: number): Promise<unknown[]> => {
      const answers = []
      for (const query of documents) {
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ query })
        const answer = await exchange(port, { method: 'POST', path: '/graphql', headers, body })
        answers.push([answer.status, JSON.parse(answer.body.toString())])
      }
      return answers
    }
    await using kit = await openKitTracer()
    await using bare = await serve(adapter(), { imports: [graphql], providers: [Cats] })
    const imports = [HoptraceModule.forRoot(kit.tracer), graphql]
    await using traced = await serve(adapter(), { imports, providers: [Cats] })
    expect(await answersOf(traced.port)).toEqual(await answersOf(bare.port))
    const records = await kit.records()
    expect(new Set(records.map(({ route }) => route))).toEqual(new Set(['/graphql']))
    const type = 'graphql.operation.type'
    const name = 'graphql.operation.name'
    expect(records.map(({ status, attributes, error }) => [status, attributes, error?.message])).toEqual([
      [200, { [type]: 'query', [name]: 'Friends' }, undefined],
      [200, { [type]: 'query' }, undefined],
      [200, { [type]: 'mutation', [name]: 'Feed' }, undefined],
      [200, { [type]: 'query', [name]: 'Broken' }, 'the store is away'],
      [200, { [type]: 'query', [name]: 'Refused' }, ''],
      [200, {}, undefined],
    ])
  })
})
