import { setTimeout as sleep } from 'node:timers/promises'
import { createTracer } from '@hoptrace/core'
import { traceAxios } from '@hoptrace/axios'
import axios, { isAxiosError } from 'axios'
import { serveUntilStopped } from '../services/lifecycle.js'
import { breakAnswer, breakProcess } from './break.js'
import { listen, type Answer, type Job } from './listen.js'
import type { FaultOrder } from './plan.js'
import { createTruthWriter } from './truth.js'

// One service of the chain that is broken on purpose. It says what it does in its own file before hoptrace can know.

const {
  NAME = '',
  PORT = '',
  NEXT_NAME,
  NEXT_URL,
  BLACK_HOLE_URL = '',
  TRUTH_FILE = '',
  TIMEOUT = '1000',
  FRAMEWORK = '',
} = process.env
const tracer = createTracer({ service: NAME, windowMillis: 1000, graceMillis: 250 })
const http = traceAxios(axios.create({ timeout: Number(TIMEOUT), validateStatus: () => true }), tracer)
const tell = createTruthWriter(TRUTH_FILE)

async function handle({ body, res }: Job): Promise<Answer> {
  const { request, order } = body
  tell({ what: 'began', request, service: NAME, pid: process.pid })
  tracer.hop?.setKey('request', request)
  const mine = order?.service === NAME ? order : undefined
  if (mine?.moment === 'before') await breakProcess(mine.fault)
  const next = callNext(request, order)
  if (mine?.moment === 'during') setTimeout(() => void breakProcess(mine.fault), 5)
  const outcome = await next
  if (outcome !== undefined) tell({ what: 'saw', request, service: NAME, outcome })
  if (mine?.moment === 'after') await breakProcess(mine.fault)
  const lost = mine !== undefined && breakAnswer(mine.fault, res)
  const status = outcome === undefined || outcome === '200' ? 200 : /TIMED|ABORTED/.test(outcome) ? 504 : 502
  tell({ what: 'answered', request, service: NAME, status, lost })
  return { status, broken: lost }
}

/** How the call ended: a status or an error's code; undefined for the last of the chain, which only works a little. */
async function callNext(request: string, order: FaultOrder | undefined): Promise<string | undefined> {
  if (NEXT_URL === undefined) {
    await sleep(15)
    return undefined
  }
  const swallowed = order?.fault === 'black-hole' && order.service === NEXT_NAME
  try {
    const { status } = await http.post(swallowed ? BLACK_HOLE_URL : NEXT_URL, { request, order })
    return String(status)
  } catch (error) {
    return isAxiosError(error) ? (error.code ?? 'unknown') : 'unknown'
  }
}

const close = await listen(FRAMEWORK, tracer, Number(PORT), handle)
serveUntilStopped(Number(PORT), tracer, close)
