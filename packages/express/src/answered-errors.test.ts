import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { exchange, listen, openKitTracer } from '@hoptrace/testkit'
import express from 'express'
import { createHandler } from 'graphql-http/lib/use/express'
import type graphql from 'graphql'
import { describe, expect, it } from 'vitest'
import { hoptrace } from './index.js'

/** As `graphql-http` loads it: a schema of another copy is refused. */
const { buildSchema } = createRequire(import.meta.url)('graphql') as typeof graphql

/** The README's lines for what answers errors before Express sees them. */
describe('errors that a framework answers by itself are recorded', () => {
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
