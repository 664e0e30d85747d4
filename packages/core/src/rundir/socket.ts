import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, constants, openSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import { errorCode } from '../files/index.js'

/** The maximum length of a socket's path on every system. */
const maxPathBytes = 100

/**
 * Calls `use` with a short enough path for a socket in `dir`, whatever the length of `dir`: on Linux through
 * an open descriptor. Undefined if there is no such path.
 */
export function withSocketPath<T>(dir: string, name: string, use: (file: string) => T): T | undefined {
  const plain = path.join(dir, name)
  if (Buffer.byteLength(plain) <= maxPathBytes) return use(plain)
  if (process.platform !== 'linux') return undefined
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  try {
    return use(`/proc/self/fd/${fd}/${name}`)
  } finally {
    closeSync(fd)
  }
}

/**
 * Listens on a socket in `dir` under a temporary name; undefined if that is impossible. The socket does not
 * keep the process alive.
 */
export function listenNow(dir: string): { server: Server; name: string } | undefined {
  if (process.platform === 'win32') return undefined
  const name = `.owner.${randomBytes(8).toString('hex')}.sock`
  try {
    const server = withSocketPath(dir, name, (file) => {
      const made = createServer((socket) => socket.destroy())
      made.on('error', () => undefined)
      return made.listen({ path: file, exclusive: true }).unref()
    })
    if (server?.listening !== true) return undefined
    chmodSync(path.join(dir, name), 0o660)
    return { server, name }
  } catch {
    return undefined
  }
}

/** The result of a connection attempt: `alive` if a process listens, `dead` if none does. */
export type SocketState = 'alive' | 'dead' | 'unknown'

/** Whether a process listens on a socket. It only connects, and sends nothing. */
export function probeSocket(dir: string, name: string): Promise<SocketState> {
  return new Promise((resolve) => {
    const begun = withSocketPath(dir, name, (file) => {
      const socket = connect({ path: file })
      socket.unref()
      const end = (state: SocketState): void => {
        resolve(state)
        socket.destroy()
      }
      socket.once('connect', () => end('alive'))
      socket.on('error', (error) => end(stateOf(errorCode(error))))
      return true
    })
    if (begun === undefined) resolve('unknown')
  })
}

function stateOf(code: string): SocketState {
  // A stopped process does not accept connections, so its queue can be full.
  if (code === 'EAGAIN') return 'alive'
  return code === 'ECONNREFUSED' ? 'dead' : 'unknown'
}
