import { Agent, request, Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { hostname } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { untilLastTracerCloses } from '../base/wrappers.js'
import { isInternal } from '../listen/listeners.js'
import { listRunDirs } from '../rundir/index.js'
import type { ClusterKeys } from '../key/index.js'
import { SIGNATURE_HEADER, SignatureCheck } from './sign.js'
import { placeIn, type AskPlace } from './ask-place.js'
import { askPrefix, PASSED_ON_HEADER, SECRET_HEADER } from './names.js'
import { SocketAgent } from './socket-agent.js'

const maxUrlChars = 4096
/** Questions that are passed on at a time. */
const maxPassed = 256
const runPattern = /^[^,]{1,64},\d{1,3},(\d{1,19})$/
/** What of a question's headers reaches the run. */
const passedHeaders = ['accept', 'last-event-id', SIGNATURE_HEADER] as const

/**
 * Questions from other hosts, on the application's port: each is signed, and names a run of this host. It is passed to the
 * socket of that run, whichever process of the host it reached. Every HTTP server of the process answers them, also one that listens
 * already, before the application sees them: they are at the root of the server, as the registry says, under whatever path the application
 * has put its adapter. All other requests go to the application as they would.
 */
export class RemoteQuestions {
  private readonly signatures: SignatureCheck
  private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 4 })
  private readonly socketAgent = new SocketAgent({ keepAlive: true, maxFreeSockets: 4 })
  private readonly host = hostname()
  private passed = 0

  constructor(
    private readonly dataDir: string,
    keys: ClusterKeys,
  ) {
    this.signatures = new SignatureCheck(keys)
    open.add(this)
    interceptAll()
  }

  /** A server of this process, such as one with TLS, that is none of Node's class for HTTP. */
  watch(server: Server): void {
    if (server instanceof HttpServer || watched.has(server)) return
    watched.add(server)
    intercept(server)
  }

  /** Answers with what the run says, when the key of this tracer has signed the question. Never throws. */
  answers(req: IncomingMessage, res: ServerResponse): boolean {
    if (!this.isSigned(req)) return false
    this.pass(req, res)
    return true
  }

  private pass(req: IncomingMessage, res: ServerResponse): void {
    const url = req.url ?? ''
    if (req.method !== 'GET') return refuse(res, 405)
    if (url.length > maxUrlChars) return refuse(res, 404)
    if (this.passed >= maxPassed) return refuse(res, 503)
    this.passed++
    this.send(url, req, res)
      .catch(() => (res.headersSent ? res.destroy() : refuse(res, 503)))
      .finally(() => this.passed--)
      .catch(() => undefined)
  }

  close(): void {
    open.delete(this)
    this.agent.destroy()
    this.socketAgent.destroy()
  }

  private isSigned({ headers, method = '', url: target = '' }: IncomingMessage): boolean {
    const signature = headers[SIGNATURE_HEADER]
    if (typeof signature !== 'string') return false
    const question = { method, host: this.host, run: runIn(target), target }
    return this.signatures.accepts(question, signature)
  }

  private async send(url: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const place = await this.find(runIn(url))
    if (place === undefined) return refuse(res, 409)
    const headers: Record<string, string> = {
      host: 'localhost',
      [PASSED_ON_HEADER]: req.socket.remoteAddress ?? 'unknown',
    }
    for (const name of passedHeaders) {
      const value = req.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    await new Promise<void>((resolve, reject) => {
      const asked =
        place.kind === 'socket'
          ? request({ path: url, headers, socketPath: place.path, agent: this.socketAgent })
          : request({
              path: url,
              headers: { ...headers, [SECRET_HEADER]: place.secret },
              host: '127.0.0.1',
              port: place.port,
              agent: this.agent,
            })
      asked.once('error', reject)
      asked.once('response', (answer) => {
        const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...kept } = answer.headers
        res.writeHead(answer.statusCode ?? 503, kept)
        pipeline(answer, res, () => resolve())
      })
      res.once('close', () => {
        asked.destroy()
        resolve()
      })
      asked.end()
    })
  }

  /** The run's socket: its directory's name begins with its start. */
  private async find(run: string): Promise<Exclude<AskPlace, { kind: 'remote' }> | undefined> {
    const start = runPattern.exec(run)?.[1]
    if (start === undefined) return undefined
    for (const dir of await listRunDirs(this.dataDir)) {
      const place = path.basename(dir).startsWith(`${start}-`) ? await placeIn(dir, run) : undefined
      if (place !== undefined) return place
    }
    return undefined
  }
}

/** Those of the tracers that are not closed. Without one, the application has its paths back. */
const open = new Set<RemoteQuestions>()
const watched = new WeakSet<Server>()
let intercepted = false

/** By the class and not by server: a server may listen before there is a tracer, and its first request may be a question. */
function interceptAll(): void {
  if (intercepted) return
  intercepted = true
  const undo = intercept(HttpServer.prototype)
  // Where another library has wrapped the wrapper since, it stays.
  untilLastTracerCloses(() => (intercepted = !undo()))
}

type Emit = (this: Server, event: string, ...args: unknown[]) => boolean

/** Puts a wrapper around what gives requests to the application. Returns what takes it off, unless it is wrapped itself. */
function intercept(target: Server): () => boolean {
  const before = Object.getOwnPropertyDescriptor(target, 'emit')
  const own = before?.value as Emit | undefined
  const prototype = Object.getPrototypeOf(target) as { emit: Emit }
  const emit: Emit = function emit(event, ...args) {
    if (event === 'request' && open.size > 0) {
      const [req, res] = args as [IncomingMessage, ServerResponse]
      if (isQuestion(req) && !isInternal(this)) {
        answer(req, res)
        return true
      }
    }
    return Reflect.apply(own ?? prototype.emit, this, [event, ...args])
  }
  Object.defineProperty(target, 'emit', { value: emit, configurable: true, writable: true })
  return () => {
    if (target.emit !== emit) return false
    if (before === undefined) Reflect.deleteProperty(target, 'emit')
    else Object.defineProperty(target, 'emit', before)
    return true
  }
}

/** By its path as it was sent: one that only leads there, over `..` or an escape, is the application's. */
function isQuestion({ url }: IncomingMessage): boolean {
  if (url?.charCodeAt(1) !== 95 || !url.startsWith(askPrefix)) return false
  const end = url.indexOf('?')
  const sent = end < 0 ? url : url.slice(0, end)
  try {
    return new URL(url, 'http://localhost').pathname === sent
  } catch {
    return false
  }
}

function answer(req: IncomingMessage, res: ServerResponse): void {
  req.resume()
  res.on('error', () => undefined)
  for (const questions of open) if (questions.answers(req, res)) return
  refuse(res, 401)
}

/** The run that a question names. */
function runIn(target: string): string {
  return new URL(target, 'http://localhost').searchParams.get('run') ?? ''
}

function refuse(res: ServerResponse, status: number): void {
  res.writeHead(status, { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).end()
}
