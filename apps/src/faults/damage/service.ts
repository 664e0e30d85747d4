import { createTracer } from '@hoptrace/core'
import { traceAxios } from '@hoptrace/axios'
import { hoptrace } from '@hoptrace/express'
import axios from 'axios'
import express from 'express'
import { serveUntilStopped } from '../../services/lifecycle.js'
import type { Task } from './chain.js'

// One service of the recorded chain. It records a little of everything: keys, attributes of each type, events, errors.

const { NAME = '', PORT = '0', NEXT_URL, DATA_DIR = '' } = process.env
// A window lasts longer than the recording: what is shipped is flushed, and all else is in logs alone.
const tracer = createTracer({ service: NAME, dataDir: DATA_DIR, windowMillis: 600_000 })
const http = traceAxios(axios.create({ timeout: 20_000, validateStatus: () => true }), tracer)
const app = express()

// Before the tracing, so that it makes no hop.
app.post('/flush', async (_req, res) => {
  await tracer.flush()
  res.json({})
})
let hanging = 0
app.get('/hanging', (_req, res) => void res.json({ hanging }))
app.use(hoptrace(tracer))
app.use(express.json())
app.post('/tasks/:kind', async (req, res) => {
  const task = req.body as Task
  tracer.hop?.setKey('task', task.name)
  tracer.hop?.setKey('customer', task.customer)
  tracer.hop?.setAttributes({
    note: `the note of ${task.name} at ${NAME}`,
    pieces: task.name.length,
    share: 0.25,
    urgent: task.kind === 'well',
  })
  tracer.hop?.event('task.taken', { by: NAME, customer: task.customer })
  const status = await (NEXT_URL === undefined ? endOf(task) : callOn(NEXT_URL, task))
  tracer.hop?.event('task.left', { status })
  res.status(status).json({ status })
})

async function callOn(url: string, task: Task): Promise<number> {
  try {
    return (await http.post(`${url}/tasks/${task.kind}`, task)).status
  } catch {
    return 502
  }
}

/** The last of the chain decides how a task ends. */
async function endOf(task: Task): Promise<number> {
  if (task.kind === 'hangs') {
    hanging++
    await new Promise(() => undefined)
  }
  if (task.kind === 'well') return 200
  tracer.hop?.fail(Object.assign(new Error(`no place for ${task.name}`), { code: 'NO_PLACE' }))
  return 500
}

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  serveUntilStopped(Number(PORT), tracer, async () => {
    server.close()
    server.closeAllConnections()
  })
})
