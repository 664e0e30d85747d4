import { spawn, type ChildProcess } from 'node:child_process'
import { built } from '../../../dev/built.mjs'
import type { Orders } from './asker-protocol.js'
import type { Host } from './host.js'

/** A process of a host that sends requests and asks questions. */
export interface Asker extends Orders {
  close(): Promise<void>
}

const program = built(new URL('asker-main.ts', import.meta.url))

/** Starts one; resolves when it takes orders. */
export async function startAsker(host: Host, env: NodeJS.ProcessEnv): Promise<Asker> {
  const words = [...host.inside, process.execPath, program]
  const child: ChildProcess = spawn(words[0] ?? '', words.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Answers hold BigInts.
    serialization: 'advanced',
  })
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >()
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('error', reject)
    void ended.then(() => reject(new Error('the asking process has ended')))
  })
  child.on('message', (message: { id?: number; value?: unknown; error?: string }) => {
    const one = message.id === undefined ? undefined : waiting.get(message.id)
    if (one === undefined) return
    if (message.error === undefined) one.resolve(message.value)
    else one.reject(new Error(message.error))
  })
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the asking process has ended'))
  })
  await ready
  let count = 0
  const order = async (what: keyof Orders, ...args: readonly unknown[]): Promise<unknown> => {
    const id = ++count
    try {
      return await new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        child.send({ id, what, with: args })
      })
    } finally {
      waiting.delete(id)
    }
  }
  return {
    get: (...args) => order('get', ...args) as ReturnType<Orders['get']>,
    resolve: (...args) => order('resolve', ...args) as ReturnType<Orders['resolve']>,
    find: (...args) => order('find', ...args) as ReturnType<Orders['find']>,
    range: (...args) => order('range', ...args) as ReturnType<Orders['range']>,
    ship: (...args) => order('ship', ...args) as ReturnType<Orders['ship']>,
    close: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
