import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { unwatchListeners, watchListeners } from '../listen/listeners.js'
import { Intake } from './intake.js'

/** Fewer than may wait in the socket of a server that says nothing else: 511. */
const waiting = 400

/** Sends requests by connections of their own, and says through `sent` when all have left. */
const callers = `
  const { connect } = require('node:net')
  const { workerData: { port, waiting, sent } } = require('node:worker_threads')
  let left = waiting
  for (let i = 0; i < waiting; i++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined).resume()
    socket.write('GET / HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n', () => {
      if (--left > 0) return
      Atomics.store(sent, 0, 1)
      Atomics.notify(sent, 0)
    })
  }`

interface Running {
  readonly port: number
  close(): Promise<unknown>
}

async function ofNodeHttp(take: () => void): Promise<Running> {
  const server = createServer((_, res) => {
    take()
    res.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<unknown> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    return closed
  }
  return { port: (server.address() as AddressInfo).port, close }
}

interface Runtimes {
  readonly Bun?: { serve(options: object): { readonly port: number; stop(all: boolean): Promise<void> } }
  readonly Deno?: {
    serve(options: object, fetch: () => Response): { addr: { port: number }; finished: Promise<void> }
  }
}
const { Bun, Deno } = globalThis as unknown as Runtimes

function ofRuntime(take: () => void): Promise<Running> {
  const on = { hostname: '127.0.0.1', port: 0 }
  const fetch = (): Response => {
    take()
    return new Response('ok')
  }
  if (Bun !== undefined) {
    const server = Bun.serve({ ...on, fetch })
    return Promise.resolve({ port: server.port, close: () => server.stop(true) })
  }
  if (Deno === undefined) return ofNodeHttp(take)
  const abort = new AbortController()
  const server = Deno.serve({ ...on, signal: abort.signal, onListen: () => undefined }, fetch)
  const close = (): Promise<void> => {
    abort.abort()
    return server.finished
  }
  return Promise.resolve({ port: server.addr.port, close })
}

describe('the time up to which a process has taken what had reached it', () => {
  it.each([
    ['node:http', ofNodeHttp],
    ['the server of the runtime', ofRuntime],
  ])('comes after all that waited while the event loop was blocked: %s', async (_, start) => {
    const owner = { listens: () => undefined, gives: () => undefined }
    watchListeners(owner)
    let taken = 0
    const server = await start(() => void taken++)
    const sent = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(callers, { eval: true, workerData: { port: server.port, waiting, sent } })
    try {
      const before = await new Promise<number>((resolve) => {
        setTimeout(() => {
          Atomics.wait(sent, 0, 0)
          const intake = new Intake(0n)
          Object.defineProperty(intake, 'throughNanos', { set: () => resolve(taken) })
          // As from the timer of a run, which is due by now.
          setTimeout(() => intake.look(1n), 0)
        }, 0)
      })
      expect(before).toBe(waiting)
    } finally {
      await worker.terminate()
      await server.close()
      unwatchListeners(owner)
    }
  })
})
