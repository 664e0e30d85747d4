import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { createResolver, createTracer, logFormat, logMixin, type Tracer } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import express from 'express'
import pino from 'pino'
import { expect, it } from 'vitest'
import winston from 'winston'

type Line = Record<string, unknown>
type Log = Record<'info' | 'warn', (order: string, message: string) => void>

function byPino(tracer: Tracer, write: (line: string) => void): Log {
  const log = pino({ mixin: logMixin(tracer), messageKey: 'message' }, { write })
  return {
    info: (order, message) => log.info({ order }, message),
    warn: (order, message) => log.warn({ order }, message),
  }
}

function byWinston(tracer: Tracer, write: (line: string) => void): Log {
  const stream = new Writable({ write: (chunk, _, done) => (write(String(chunk)), done()) })
  const log = winston.createLogger({
    format: winston.format.combine(logFormat(tracer), winston.format.json()),
    transports: [new winston.transports.Stream({ stream })],
  })
  return {
    info: (order, message) => void log.info(message, { order }),
    warn: (order, message) => void log.warn(message, { order }),
  }
}

it.each([
  ['pino', byPino],
  ['winston', byWinston],
])('lines that %s writes in a request say which trace, hop and service they belong to', async (_, logBy) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-pino-'))
  const tracer = createTracer({ service: 'orders', dataDir })
  const lines: Line[] = []
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line)
  const log = logBy(tracer, write)

  const app = express().use(hoptrace(tracer))
  app.get('/:order', async (req, res) => {
    tracer.hop?.setKey('orderId', req.params.order)
    log.info(req.params.order, 'begun')
    await new Promise((resolve) => setTimeout(resolve, 20))
    log.warn(req.params.order, 'done')
    res.end()
  })
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const resolver = createResolver({ dir: dataDir })
  try {
    log.info('none', 'before any request')
    await Promise.all(['1', '2', '3'].map(async (order) => (await fetch(`${url}/${order}`)).text()))
    expect(lines).toHaveLength(7)
    expect(lines[0]).not.toHaveProperty('traceId')
    for (const order of ['1', '2', '3']) {
      const { hops } = await resolver.resolve(`orderId=${order}`)
      const ids = { traceId: hops[0]?.traceId, hopId: hops[0]?.hopId, service: 'orders' }
      const own = lines.filter((line) => line['order'] === order)
      expect(own.map(({ message }) => message)).toEqual(['begun', 'done'])
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
