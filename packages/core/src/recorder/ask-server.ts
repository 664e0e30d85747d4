import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import path from 'node:path'
import { listDir, writeReplacing } from '../files/index.js'
import { markInternal } from '../listen/listeners.js'
import type { EndpointRequest, EndpointResponse } from './endpoint.js'
import { deleteRunFile, giveDirMode, heldSocketPath, runFile, runPlace } from '../rundir/index.js'
import {
  askFileName,
  ASKER_HEADER,
  askSocketName,
  PASSED_ON_HEADER,
  SECRET_HEADER,
  type AskFile,
} from '../ask/names.js'
import { sendAnswer } from './send-answer.js'

/** What answers questions. */
export interface AskHandler {
  /** Answers a question of a process that may read the run's directory. */
  handle(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResponse>
  /** The signature of a question from another host: right, recent, and for the first time. */
  accepts(request: EndpointRequest): boolean
}

const maxConnections = 512
const maxAskerChars = 100

/**
 * Answers questions about a run on the Unix socket `ask.sock` in its directory, for every process that may
 * read the directory. Where sockets are impossible, it answers on a loopback port, for processes with the
 * secret in `ask.json`.
 */
export class AskServer {
  private constructor(
    private readonly server: Server,
    /** The socket, or the file that names the port. */
    private readonly file: string,
    private readonly leave: () => void,
  ) {}

  /**
   * Listens. Rejects with what the file system says where neither a socket nor a file can be made in the
   * directory.
   */
  static async listen(runDir: string, handler: AskHandler): Promise<AskServer> {
    try {
      return await onSocket(runDir, handler)
    } catch {
      return await onLoopback(runDir, handler)
    }
  }

  /** Breaks off what is being answered, and takes the socket away. Never rejects. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()))
    this.server.closeAllConnections()
    await closed
    try {
      this.leave()
    } catch {
      // The directory is gone, and the file with it.
    }
  }

  /** Is it still found in this directory? Directories are removed by others, and made again. */
  async isIn(runDir: string): Promise<boolean> {
    if (path.dirname(this.file) !== path.resolve(runDir)) return false
    const name = path.basename(this.file)
    const kind = name === askSocketName ? 'socket' : 'file'
    const entries = await listDir(runPlace(runDir)).catch(() => [])
    return entries.some((entry) => entry.name === name && entry.kind === kind)
  }

  /** @internal */
  static of(server: Server, file: string, leave: () => void): AskServer {
    return new AskServer(server, file, leave)
  }
}

async function onSocket(runDir: string, handler: AskHandler): Promise<AskServer> {
  // Of a thread that ended without a word.
  if ((await listDir(runPlace(runDir))).some(({ name }) => name === askSocketName))
    deleteRunFile(runDir, askSocketName)
  const { path: short, release } = heldSocketPath(runDir, askSocketName)
  try {
    const server = serverOf(handler, undefined)
    await listen(server, { path: short })
    giveDirMode(runDir, short)
    return AskServer.of(server, path.resolve(runDir, askSocketName), release)
  } catch (error) {
    release()
    throw error
  }
}

async function onLoopback(runDir: string, handler: AskHandler): Promise<AskServer> {
  const secret = randomBytes(24).toString('base64url')
  const server = serverOf(handler, secret)
  await listen(server, { host: '127.0.0.1', port: 0 })
  const { port } = server.address() as AddressInfo
  const content: AskFile = { port, secret }
  try {
    await writeReplacing(runFile(runDir, askFileName), JSON.stringify(content), { sync: false })
  } catch (error) {
    server.close()
    throw error
  }
  return AskServer.of(
    server,
    path.resolve(runDir, askFileName),
    () => void deleteRunFile(runDir, askFileName),
  )
}

function serverOf(handler: AskHandler, secret: string | undefined): Server {
  const server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 10_000 }, (req, res) => {
    req.resume()
    void answer(handler, secret, req, res).catch(() => res.destroy())
  })
  markInternal(server)
  server.maxConnections = maxConnections
  // A server that is only asked keeps no process.
  server.on('connection', (socket) => socket.unref())
  return server
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, exclusive: true }, () => {
      server.off('error', reject)
      server.on('error', () => undefined)
      resolve()
    })
    server.unref()
  })
}

async function answer(
  handler: AskHandler,
  secret: string | undefined,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const headers = textHeaders(req)
  const passedOn = headers[PASSED_ON_HEADER]
  const asker = passedOn ?? headers[ASKER_HEADER] ?? ''
  const request = {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    headers,
    asker: asker.slice(0, maxAskerChars),
  }
  if (secret !== undefined && !isEqual(headers[SECRET_HEADER], secret)) return refuse(res, 403)
  if (passedOn !== undefined && !handler.accepts(request)) return refuse(res, 401)
  const abort = new AbortController()
  res.once('close', () => abort.abort())
  res.on('error', () => abort.abort())
  await sendAnswer(await handler.handle(request, abort.signal), res, abort.signal)
}

function refuse(res: ServerResponse, status: number): void {
  res.writeHead(status, { 'cache-control': 'no-store', connection: 'close' }).end()
}

function textHeaders(req: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}

function isEqual(given: string | undefined, secret: string): boolean {
  if (given?.length !== secret.length) return false
  return timingSafeEqual(Buffer.from(given.padEnd(secret.length)), Buffer.from(secret))
}
