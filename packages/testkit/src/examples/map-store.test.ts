import { createResolver, createTracer, type Row } from '@hoptrace/core'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { storeKit } from '../store-kit.js'
import { mapStore } from './map-store.fixture.js'

storeKit({
  name: 'a Map',
  create: async () => ({ connect: () => mapStore('kit'), remove: async () => undefined }),
})

it('a store object takes the records of a service, and a resolver reads them', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-map-'))
  const rows = new Map<string, Row>()
  const tracer = createTracer({ service: 'orders', store: mapStore('orders', rows), dataDir: dir })
  const id = tracer.run({ name: 'nightly-report' }, () => tracer.hop?.id ?? '')
  await tracer.close()
  const resolver = createResolver({ dir, store: mapStore('orders', rows), live: false })
  try {
    const { verdict, hops } = await resolver.resolve(id)
    expect({ verdict, route: hops[0]?.route, source: hops[0]?.source }).toEqual({
      verdict: 'completed',
      route: 'nightly-report',
      source: 'store',
    })
  } finally {
    await resolver.close()
    await rm(dir, { recursive: true })
  }
})
