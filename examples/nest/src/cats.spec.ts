import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, type Tracer } from '@hoptrace/core'
import { TRACER } from '@hoptrace/nest'
import type { INestApplication } from '@nestjs/common'
import { buildApp } from './app'

describe('cats', () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'example-nest-'))
  let app: INestApplication
  let url = ''

  beforeAll(async () => {
    app = await buildApp(dataDir)
    const server = (await app.listen(0, '127.0.0.1')) as Server
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterAll(async () => {
    await app.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const create = (name: string): Promise<Response> =>
    fetch(`${url}/cats`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })

  it('are created once', async () => {
    expect((await create('Tom')).status).toBe(201)
    expect(await (await fetch(`${url}/cats/Tom`)).json()).toEqual({ name: 'Tom' })
    expect((await create('Tom')).status).toBe(409)
  })

  it('can be asked about afterwards', async () => {
    await app.get<Tracer>(TRACER).flush()
    const resolver = createResolver({ dir: dataDir })
    const found = await resolver.find({ key: 'cat', value: 'Tom' })
    expect(found).toHaveLength(2)
    const { verdict, hops } = await resolver.resolve(found[1]?.traceId ?? '')
    const refused = await resolver.resolve(found[0]?.traceId ?? '')
    await resolver.close()
    expect(refused.hops).toMatchObject([{ status: 409, error: { name: 'ConflictException' } }])
    expect({ verdict, hops: hops.map(({ route, status }) => [route, status]) }).toEqual({
      verdict: 'completed',
      hops: [['/cats', 201]],
    })
  })
})
