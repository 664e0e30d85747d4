import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const sockets = 8
const pipelined = 50

/** Sends this number of GETs over a few connections, many at a time on each, and resolves when all are answered. */
export async function load(port: number, path: string, count: number): Promise<void> {
  const share = Math.ceil(count / sockets)
  const shares = Array.from({ length: sockets }, (_, i) => Math.min(share, count - i * share))
  await Promise.all(shares.filter((size) => size > 0).map((size) => loadOne(port, path, size)))
}

async function loadOne(port: number, path: string, count: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  for (let left = count; left > 0; left -= pipelined) await exchange(socket, path, Math.min(pipelined, left))
  socket.destroy()
}

function exchange(socket: Socket, path: string, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let answers = 0
    let rest = ''
    const read = (chunk: Buffer): void => {
      const parts = (rest + chunk.toString('latin1')).split('HTTP/1.1 ')
      answers += parts.length - 1
      rest = (parts.at(-1) ?? '').slice(-8)
      if (answers === count && rest.endsWith('0\r\n\r\n')) done()
    }
    const done = (error?: Error): void => {
      socket.off('data', read)
      socket.off('close', broke)
      if (error === undefined) resolve()
      else reject(error)
    }
    const broke = (): void => done(new Error('the connection was closed'))
    socket.on('data', read)
    socket.once('close', broke)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(count))
  })
}
