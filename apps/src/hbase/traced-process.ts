import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { StoreSpec } from '@hoptrace/core'
import { startChild } from '../chain/child.js'
import { freePortList } from '../chain/ports.js'

/** What a traced process is started with. */
export interface TracedOptions {
  readonly service: string
  readonly store: StoreSpec
  readonly dataDir: string
  /** Base URL of the service that it calls. */
  readonly next?: string
  readonly maxLogBytes?: number
}

/** Counters of a tracer, as `stats()` has them. */
export interface Stats {
  readonly appended: number
  readonly shipped: number
  readonly dropped: number
  readonly errors: number
  readonly bytes: number
}

/** A traced service in a separate process. */
export interface Traced {
  readonly service: string
  readonly url: string
  readonly address: string
  stats(): Promise<Stats>
  /** Everything is in the store when it resolves: it asks until the store takes it. */
  drained(): Promise<Stats>
  output(): string
  stop(): Promise<void>
  /** By SIGKILL. */
  kill(): Promise<void>
}

/**
 * Services on separate hosts, and the processes that ask about them, have one key; children and the command
 * inherit it.
 */
process.env['HOPTRACE_KEY'] ??= randomBytes(32).toString('base64url')

const program = fileURLToPath(new URL('./traced.fixture.ts', import.meta.url))

/** Starts one; resolves when it listens. */
export async function startTraced(options: TracedOptions): Promise<Traced> {
  const { service, store, dataDir, next, maxLogBytes } = options
  const [port = 0] = await freePortList(1)
  const child = await startChild(program, {
    SERVICE: service,
    PORT: String(port),
    STORE: JSON.stringify(store),
    HOPTRACE_DIR: dataDir,
    NEXT: next ?? '',
    MAX_LOG_BYTES: maxLogBytes === undefined ? '' : String(maxLogBytes),
  })
  const url = `http://127.0.0.1:${port}`
  return {
    service,
    url,
    address: `127.0.0.1:${port}`,
    stats: async () => (await fetch(`${url}/stats`)).json() as Promise<Stats>,
    drained: async () => {
      for (const until = Date.now() + 240_000; ;) {
        const response = await fetch(`${url}/flush`)
        if (response.ok) return (await response.json()) as Stats
        const text = await response.text()
        if (Date.now() > until) throw new Error(`${service} cannot ship: ${text}\n${child.output()}`)
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
    },
    output: () => child.output(),
    stop: async () => {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await child.ended
      clearTimeout(late)
    },
    kill: async () => {
      child.kill('SIGKILL')
      await child.ended
    },
  }
}
