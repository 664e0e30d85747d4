import { AsyncLocalStorage } from 'node:async_hooks'
import type { Socket } from 'node:net'
import { serverOf } from '../listen/listeners.js'

/** Calls a function in the asynchronous context in which this module was loaded, which is no request's. */
const outside = AsyncLocalStorage.snapshot()

/** Bun and Deno give a connection no timer of this kind. */
const isNode = !('bun' in process.versions) && !('deno' in process.versions)

/**
 * To be called when a response has been sent. The timer of an idle connection keeps the asynchronous context in which it was
 * started, and so the hop, until the next request. Those are 600 bytes of each connection in each garbage collection,
 * and V8 makes the heap larger by what survives: from 30 MB to 82 MB in a saturated server.
 * So the timer is started again outside of all requests, unless the application would hear it, and could tell.
 */
export function freeIdleTimer(socket: Socket): void {
  const { timeout } = socket
  if (!isNode || timeout === undefined || timeout === 0 || socket.listenerCount('timeout') > 1) return
  if (serverOf(socket)?.listenerCount('timeout') !== 0) return
  outside(() => socket.setTimeout(timeout))
}
