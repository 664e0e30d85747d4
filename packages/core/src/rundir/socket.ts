import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { timing } from '../base/timing.js'
import { errorCode } from '../files/index.js'
import { heldSocketPath, type SocketPath } from './ask-socket.js'

/**
 * Listens on a socket in `dir` under a temporary name; undefined if that is impossible. The socket does not
 * keep the process alive.
 * @param answer what a process that connects gets
 */
export function listenNow(
  dir: string,
  answer: (socket: Socket) => void = (socket) => socket.destroy(),
): { server: Server; name: string } | undefined {
  if (process.platform === 'win32') return undefined
  const name = `.owner.${randomBytes(8).toString('hex')}.sock`
  try {
    const { path: file, release } = heldSocketPath(dir, name)
    try {
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        answer(socket)
      })
      server.on('error', () => undefined)
      server.listen({ path: file, exclusive: true }).unref()
      if (!server.listening) return undefined
      chmodSync(path.join(dir, name), 0o660)
      return { server, name }
    } finally {
      release()
    }
  } catch {
    return undefined
  }
}

/** The result of a connection attempt: `alive` if a process listens, `dead` if none does. */
export type SocketState = 'alive' | 'dead' | 'unknown'

/** Whether a process listens on a socket. It only connects, and sends nothing that is read. */
export async function probeSocket(dir: string, name: string): Promise<SocketState> {
  let held: SocketPath
  try {
    held = heldSocketPath(dir, name)
  } catch (error) {
    if (error instanceof RangeError) return 'unknown'
    throw error
  }
  const { path: file, release } = held
  try {
    const code = await connectTo(file)
    return stateOf(code === 'ECONNREFUSED' && bun !== undefined ? await connectByFetch(file, bun) : code)
  } finally {
    release()
  }
}

/** The code of the error, if there is one. */
function connectTo(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path: file })
    const end = (code?: string): void => {
      resolve(code)
      socket.destroy()
    }
    socket.once('connect', () => end())
    socket.on('error', (error) => end(errorCode(error)))
  })
}

interface Bun {
  readonly fetch: (url: string, options: { unix: string; signal: AbortSignal }) => Promise<unknown>
}
const { Bun: bun } = globalThis as { readonly Bun?: Bun }

/** `net` of Bun says ECONNREFUSED whatever the system said. Its `fetch` has the system's code. */
async function connectByFetch(file: string, { fetch }: Bun): Promise<string | undefined> {
  const given = new AbortController()
  const timer = setTimeout(() => given.abort(), timing.requestThreadMillis)
  try {
    await fetch('http://localhost/', { unix: file, signal: given.signal })
    return undefined
  } catch (error) {
    const code = errorCode(error)
    return notConnected.has(code) ? code : undefined
  } finally {
    clearTimeout(timer)
  }
}

const notConnected: ReadonlySet<string> = new Set(['EAGAIN', 'EACCES', 'ECONNREFUSED', 'ENOENT'])

function stateOf(code: string | undefined): SocketState {
  // A stopped process does not accept connections, so its queue can be full.
  if (code === undefined || code === 'EAGAIN') return 'alive'
  return code === 'ECONNREFUSED' ? 'dead' : 'unknown'
}
