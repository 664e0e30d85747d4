import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { Socket } from 'node:net'
import {
  beginUnframed,
  keepTicksFast,
  notRecorded,
  openTracers,
  tracerOfEnvironment,
  wrapShared,
  type InboundHop,
  type Tracer,
} from '@hoptrace/core'
import { traceFetch } from '@hoptrace/fetch'
import { traceHttp } from '@hoptrace/http'
import { observeFastify, templateOf } from './templates.js'

/** Another copy of this package in the process finds it here: the hook is loaded once. */
const startedKey = Symbol.for('hoptrace.node')
const shared = globalThis as { [startedKey]?: true }

let started = false
let chosen: Tracer | undefined
let asked = false

/**
 * Records, from now on, every request of every `node:http(s)` server of this process as a hop, and every outgoing request of
 * `node:http(s)`, `fetch` and undici as a call. What cannot be traced is said in a warning; the application runs all the same.
 */
export function start(): void {
  if (shared[startedKey] === true) return
  shared[startedKey] = true
  started = true
  keepTicksFast()
  // As late as possible: until the first server begins to listen, the application may create its own tracer.
  subscribe('tracing:net.server.listen:asyncStart', (message) => {
    const { server } = message as { readonly server?: unknown }
    if (server instanceof HttpServer || server instanceof HttpsServer) tracer()
  })
  observeFastify()
}

/**
 * The tracer of the process: the first that the application has created, or else one that the environment describes. Undefined
 * without `--import @hoptrace/node/register`, and where the environment cannot be used, of which a warning has told.
 */
export function tracer(): Tracer | undefined {
  if (!started) return undefined
  if (chosen?.active === true) return chosen
  const [own] = openTracers
  const found = own ?? (asked ? undefined : tracerOfEnvironment())
  asked = true
  if (found !== undefined) use((chosen = found))
  return found
}

function use(found: Tracer): void {
  traceHttp(found)
  traceFetch(found)
  for (const { prototype } of [HttpServer, HttpsServer]) wrapShared(prototype, 'emit', wrapEmit)
}

type Emit = (this: object, ...args: unknown[]) => unknown

/** No channel of Node runs the listeners of a request within a context. */
function wrapEmit(original: () => Emit): Emit {
  return function (...args) {
    const inbound = begin(args[0], args[1], args[2])
    if (inbound === undefined) return original().apply(this, args)
    return inbound.run(() => original().apply(this, args))
  }
}

function begin(event: unknown, req: unknown, answers: unknown): InboundHop | undefined {
  const isUpgrade = event === 'upgrade'
  if (event !== 'request' && !isUpgrade && event !== 'checkContinue' && event !== 'checkExpectation')
    return undefined
  const found = tracer()
  if (found === undefined || !(req instanceof IncomingMessage)) return undefined
  try {
    const res = isUpgrade ? responseOn(req, answers) : isResponse(answers) ? answers : undefined
    if (res === undefined) return undefined
    const inbound = beginUnframed(found, req, res)
    if (isUpgrade) res.detachSocket(req.socket)
    inbound?.route(() => templateOf(req))
    return inbound
  } catch {
    notRecorded(found)
    return undefined
  }
}

const isResponse = (value: unknown): value is ServerResponse => value instanceof ServerResponse

/** An upgrade is answered on its socket, and has no own response. */
function responseOn(req: IncomingMessage, socket: unknown): ServerResponse | undefined {
  if (!(socket instanceof Socket)) return undefined
  const res = new ServerResponse(req)
  res.assignSocket(socket)
  return res
}
