import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, createTracer, logMixin } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import express from 'express'
import pino from 'pino'
import { expect, it } from 'vitest'

it('lines that pino writes while a request is handled say which trace and hop they belong to', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-pino-'))
  const tracer = createTracer({ service: 'orders', dataDir })
  const lines: Record<string, unknown>[] = []
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>)
  const log = pino({ mixin: logMixin(tracer) }, { write })

  const app = express().use(hoptrace(tracer))
  app.get('/:order', async (req, res) => {
    tracer.hop?.setKey('orderId', req.params.order)
    log.info({ order: req.params.order }, 'begun')
    await new Promise((resolve) => setTimeout(resolve, 20))
    log.warn({ order: req.params.order }, 'done')
    res.end()
  })
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const resolver = createResolver({ dir: dataDir })
  try {
    log.info('before any request')
    await Promise.all(['1', '2', '3'].map(async (order) => (await fetch(`${url}/${order}`)).text()))
    expect(lines).toHaveLength(7)
    expect(lines[0]).not.toHaveProperty('traceId')
    for (const order of ['1', '2', '3']) {
      const { hops } = await resolver.resolve(`orderId=${order}`)
      const ids = { traceId: hops[0]?.traceId, hopId: hops[0]?.hopId }
      const own = lines.filter((line) => line['order'] === order)
      expect(own.map(({ msg }) => msg)).toEqual(['begun', 'done'])
      for (const line of own) expect(line).toMatchObject(ids)
    }
  } finally {
    await resolver.close()
    server.close()
    server.closeAllConnections()
    await tracer.close()
    await rm(dataDir, { recursive: true, force: true })
  }
})
