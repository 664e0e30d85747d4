import './workers.js'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreSpec } from '@hoptrace/core'
import { isAxiosError } from 'axios'
import { serveUntilStopped } from '../services/lifecycle.js'
import { breakAnswer, breakProcess } from './break.js'
import { listen, type Answer, type Job } from './listen.js'
import type { FaultOrder } from './plan.js'
import { isTimeout } from './oracle.js'
import { TOPOLOGY, type ServiceName } from './topology.js'
import { createTruthWriter } from './truth.js'

// One service of the harness, broken on purpose. It says what it does in its own file before any tracer can know.

const { NAME, PORT, BIND = '127.0.0.1', NEXT_URLS = '{}', TRUTH_FILE = '', DOOM_FILE = '' } = process.env
const { TRACING, DATA_DIR = '', STORE = '', OTLP_URL = '' } = process.env
const name = NAME as ServiceName
const urls = JSON.parse(NEXT_URLS) as Record<string, string>
const { next, timeoutMillis, store, framework } = TOPOLOGY[name]

const { startTracing } = await (TRACING === 'otel'
  ? import('./tracing-otel.js')
  : import('./tracing-hoptrace.js'))
const tracing = startTracing({
  service: name,
  dataDir: DATA_DIR,
  store: STORE === '' ? undefined : (JSON.parse(STORE) as StoreSpec),
  fragile: store === 'fragile',
  timeoutMillis,
  otlpUrl: OTLP_URL,
})
const tell = createTruthWriter(TRUTH_FILE)

async function handle({ body, res }: Job): Promise<Answer> {
  const { request, orders } = body
  tell({ what: 'began', request, service: name, pid: process.pid })
  tracing.name(request)
  if (existsSync(DOOM_FILE)) await breakProcess('sigkill')
  const mine = orders.find((order) => order.service === name)
  if (mine?.moment === 'before') await breakProcess(mine.fault)
  const calls =
    next.length === 0 ? sleep(15, []) : Promise.all(next.map((one) => callNext(one, request, orders)))
  if (mine?.moment === 'during') setTimeout(() => void breakProcess(mine.fault), 5)
  const failures = (await calls).filter((outcome) => outcome !== '200')
  if (mine?.moment === 'after') await breakProcess(mine.fault)
  const lost = mine !== undefined && breakAnswer(mine.fault, res)
  const status = failures.length === 0 ? 200 : failures.some(isTimeout) ? 504 : 502
  tell({ what: 'answered', request, service: name, status, lost })
  res.once('finish', () => tell({ what: 'sent', request, service: name }))
  return { status, broken: lost }
}

/** How the call ended: a status or an error's code. */
async function callNext(to: ServiceName, request: string, orders: readonly FaultOrder[]): Promise<string> {
  const swallowed = orders.some(({ fault, service }) => fault === 'black-hole' && service === to)
  const outcome = await post(urls[swallowed ? 'black-hole' : to] ?? '', { request, orders })
  tell({ what: 'saw', request, service: name, of: to, outcome })
  return outcome
}

async function post(url: string, body: Job['body']): Promise<string> {
  try {
    const { status } = await tracing.http.post(url, body)
    return String(status)
  } catch (error) {
    return isAxiosError(error) ? (error.code ?? 'unknown') : 'unknown'
  }
}

const close = await listen(framework, tracing.tracer, { port: Number(PORT), host: BIND }, handle)
serveUntilStopped(Number(PORT), tracing, close)
