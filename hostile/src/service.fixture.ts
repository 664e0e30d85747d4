import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { traceAxios } from '@hoptrace/axios'
import { createTracer, type Attributes, type Redact, type TracerOptions } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import axios from 'axios'
import express, { type ErrorRequestHandler } from 'express'

// A service that does what a request says, and what its parent says by messages.

/** The body of a request to `/work`. All of it is optional. */
export interface Work {
  readonly task?: string
  readonly keys?: Readonly<Record<string, string>>
  readonly attributes?: Attributes
  readonly events?: readonly string[]
  /** Called, one after the other; with what the callee is to call. */
  readonly call?: readonly (string | { readonly url: string; readonly call: readonly string[] })[]
  /** The message of the error that the hop ends with. */
  readonly error?: string
  /** Never answers. */
  readonly hangs?: boolean
  /** Ends with an error that is no error: its `toString` throws. */
  readonly nasty?: boolean
  /** Blocks the event loop for this time. */
  readonly blocksMillis?: number
}

/** What the parent asks for. */
export interface ControlMessage {
  readonly control: 'flush' | 'stats' | 'close' | 'exit' | 'inspect' | 'memory'
}

const { PORT = '0', TRACER = '{}', UMASK, LOOKUP, REDACT, MOUNT = '/' } = process.env
if (UMASK !== undefined) process.umask(Number.parseInt(UMASK, 8))
const redact: Redact = ({ value }) =>
  typeof value === 'string' ? value.replaceAll(/secret-\d+/g, 'hidden') : value
const tracer = createTracer({
  windowMillis: 1000,
  graceMillis: 250,
  ...(REDACT === undefined ? {} : { redact }),
  ...(JSON.parse(TRACER) as TracerOptions),
})
// Every name leads to loopback: a service of the internet can be called that is none.
const toLoopback = new Agent({
  lookup: (_name, { all }, done) =>
    all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
})
const http = traceAxios(
  axios.create({
    timeout: 10_000,
    validateStatus: () => true,
    ...(LOOKUP === 'loopback' ? { httpAgent: toLoopback } : {}),
  }),
  tracer,
)
const nastyThing = {
  toString: () => {
    throw new Error('from toString')
  },
  get message(): string {
    throw new Error('from message')
  },
}
const app = express()
app.use(MOUNT, hoptrace(tracer))
app.use(express.json())
app.post('/work', async (req, res) => {
  const {
    task,
    keys = {},
    attributes,
    events = [],
    call = [],
    error,
    hangs,
    nasty,
    blocksMillis,
  } = req.body as Work
  if (task !== undefined) tracer.hop?.setKey('task', task)
  for (const [name, value] of Object.entries(keys)) tracer.hop?.setKey(name, value)
  if (attributes) tracer.hop?.setAttributes(attributes)
  for (const event of events) tracer.hop?.event(event, attributes)
  if (hangs) await new Promise(() => undefined)
  if (blocksMillis !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blocksMillis)
  const statuses: (number | string)[] = []
  for (const one of call) {
    const { url, call: theirs } = typeof one === 'string' ? { url: one, call: [] } : one
    const answered = http.post(url, { task, call: theirs }).then(
      ({ status }) => status,
      (failure: unknown) => (failure as { code?: string }).code ?? 'failed',
    )
    statuses.push(await answered)
  }
  if (nasty) tracer.hop?.fail(nastyThing)
  if (error !== undefined) tracer.hop?.fail(new Error(error))
  res.status(error === undefined ? 200 : 500).json({ hopId: tracer.hop?.id, statuses })
})
// Mounts by pattern: they match a raw path, which may contain a secret.
for (const mount of ['/star/*rest', /^\/regular\/[^/]+/]) {
  const inner = express.Router()
  inner.get('/end', (_req, res) => void res.json({ hopId: tracer.hop?.id }))
  app.use(mount, inner)
}
app.get('/item/:id', (_req, res) => void res.json({}))
const answerFailure: ErrorRequestHandler = (_error, _req, res, _next) => {
  res.status(400).json({})
}
app.use(answerFailure)

process.on('message', ({ control }: ControlMessage) => {
  void answer(control).then((reply) => process.send?.({ reply }))
})
process.on('disconnect', () => process.exit(0))

async function answer(control: ControlMessage['control']): Promise<unknown> {
  switch (control) {
    case 'flush':
      await tracer.flush()
      return {}
    case 'stats':
      return tracer.stats()
    case 'close':
      await tracer.close()
      return {}
    case 'exit':
      setImmediate(() => process.exit(0))
      return {}
    case 'memory':
      return process.memoryUsage.rss()
    case 'inspect':
      return tracer.run({ name: 'inspected' }, () => inspected())
  }
}

/** Everything that a person may print while looking for a bug. */
async function inspected(): Promise<string> {
  const call = tracer.hop?.call('127.0.0.1:1')
  const shown = [tracer, tracer.hop, call].flatMap((value) => [
    inspect(value, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(value),
  ])
  await sleep(1)
  return shown.join('\n')
}

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 })
})
