import type { Socket } from 'node:net'

const waiting = new WeakMap<Socket, Set<() => void>>()

/**
 * A caller may send requests before the answers to its earlier ones (pipelining). A response that waits for its turn has no socket, and Node
 * does not tell it when the connection closes: `closed` is called then. The result ends the wait.
 */
export function whileWaiting(socket: Socket, closed: () => void): () => void {
  let all = waiting.get(socket)
  if (all === undefined) {
    const made = (all = new Set())
    waiting.set(socket, made)
    socket.once('close', () => {
      for (const one of made) one()
    })
  }
  const known = all.add(closed)
  return () => void known.delete(closed)
}
