import { rm } from 'node:fs/promises'
import { createServer, request, type RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { traceAxios } from '@hoptrace/axios'
import { hoptrace } from '@hoptrace/express'
import axios, { isAxiosError, type AxiosRequestConfig } from 'axios'
import express from 'express'
import { serveUntilStopped } from '../services/lifecycle.js'
import { tracerOf } from './traced.js'

// A traced service of the network tests. GET /do/<n> sets the key n, calls the service in NEXT with the same path and query, and
// answers 200 when they do, and 502 otherwise. `die=<service>`, `hang=`, `fail=`: what that service does to the request.

const { SERVICE = 'service', PORT = '3000', NEXT = '[]', VIA = '', FIRST = '' } = process.env
const tracer = tracerOf(SERVICE)
const http = traceAxios(axios.create({ timeout: 1500, validateStatus: () => true }), tracer)
const next = JSON.parse(NEXT) as string[]
const via = (VIA === '' ? {} : JSON.parse(VIA)) as AxiosRequestConfig

const app = express()
// Not traced: for the tests.
app.get('/flush', (_req, res, done) => void tracer.flush().then(() => res.json(tracer.stats()), done))
app.use(hoptrace(tracer))
app.get('/do/:n', async (req, res) => {
  tracer.hop?.setKey('n', req.params.n)
  tracer.hop?.event('begun', { pid: process.pid })
  const { die, hang, fail, once } = req.query
  // `once`: only the processes that say so in their environment.
  if (die === SERVICE && (once === undefined || process.env['FRAIL'] === '1')) {
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => undefined)
  }
  if (hang === SERVICE) await sleep(60_000)
  let ok = fail !== SERVICE
  const below: unknown[] = []
  for (const url of next) {
    const outcome = await call(`${url}${req.url}`)
    ok &&= outcome.status === 200
    below.push(outcome)
  }
  res.status(ok ? 200 : 502).json({ id: tracer.hop?.id, pid: process.pid, below })
})

async function call(url: string): Promise<{ readonly status: number | string; readonly data?: unknown }> {
  try {
    const { status, data } = await http.get<unknown>(url, via)
    return { status, data }
  } catch (error) {
    return { status: isAxiosError(error) ? (error.code ?? 'unknown') : String(error) }
  }
}

await beFirst(app)
const server = app.listen(Number(PORT), '0.0.0.0', () => {
  serveUntilStopped(Number(PORT), tracer, async () => {
    server.close()
    server.closeAllConnections()
  })
})

/** The first request that the process takes comes another way, before it listens where its callers dial it. */
async function beFirst(listener: RequestListener): Promise<void> {
  if (FIRST === '') return
  if (FIRST === 'inject') {
    const { fastify } = await import('fastify')
    const { hoptrace: forFastify } = await import('@hoptrace/fastify')
    const injected = fastify()
    await injected.register(forFastify(tracer))
    injected.get('/do/first', async () => 'injected')
    await injected.inject('/do/first')
    return
  }
  const extra = createServer(listener)
  const where =
    FIRST === 'unix' ? { path: `/tmp/hoptrace-net-${process.pid}.sock` } : { port: 3999, host: '127.0.0.1' }
  await new Promise<void>((resolve) => extra.listen(where, resolve))
  await new Promise<void>((resolve, reject) => {
    const to = where.path === undefined ? where : { socketPath: where.path }
    const req = request({ ...to, path: '/do/first' }, (res) => res.resume().once('end', resolve))
    req.once('error', reject).end()
  })
  if (where.path === undefined) return
  extra.close()
  await rm(where.path, { force: true })
}
