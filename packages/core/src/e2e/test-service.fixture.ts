import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { built } from '../../../../dev/built.mjs'
import { type AdoptReport, createResolver, type ResolveResult, shipDeadRuns } from '../index.js'
import { fileRegistry } from '../store/registry/file-registry.js'
import type { ConsumerOrder } from './consumer.fixture.js'
import type { Order, ServiceConfig } from './service.fixture.js'

/** How a process is started besides its configuration. */
export interface StartOptions {
  readonly program?: string
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

interface Message {
  readonly ready?: number
  readonly reached?: boolean
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
}

/** What the other programs can be asked to do. */
export interface OtherOrder {
  readonly do: 'jobs' | 'end' | 'ids' | 'terminate-worker' | 'throw-in-worker' | 'heap' | 'release'
}

/** A process with a tracer; `await using` kills it. */
export class TestService implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<void>
  errors = ''
  port = 0
  private host = '127.0.0.1'
  /** Requests that reached a handler which never answers. */
  reached = 0
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (e: Error) => void }
  >()
  private lastId = 0

  private constructor(
    config: object,
    { program = 'service.fixture.ts', execArgv = [], env = {} }: StartOptions,
  ) {
    this.child = fork(built(new URL(program, import.meta.url)), [JSON.stringify(config)], {
      execArgv: [...execArgv],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()))
    // Its workers have its stderr, too, and write into its directory until they end.
    this.ended = once(this.child, 'close').then(() => {
      for (const { reject } of this.waiting.values()) reject(new Error(`the process ended: ${this.errors}`))
    })
    this.child.on('message', (message: Message) => this.receive(message))
  }

  /** Resolves when it listens, or is ready for jobs. */
  static async start(config: ServiceConfig, options: StartOptions = {}): Promise<TestService> {
    const service = new TestService(config, options)
    if (config.host !== undefined) service.host = config.host
    await service.waitFor(0)
    return service
  }

  get url(): string {
    return `http://${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`
  }

  ask(order: Order | OtherOrder | ConsumerOrder): Promise<unknown> {
    const id = ++this.lastId
    const answer = this.waitFor(id)
    this.child.send({ id, order })
    return answer
  }

  /** Resolves when this number of requests hang in it. */
  async hanging(count: number): Promise<void> {
    while (this.reached < count) await once(this.child, 'message')
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** `child.kill` of Deno takes a stopped process for an ended one. */
  private signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.child
    if (exitCode === null && signalCode === null) process.kill(pid as number, signal)
  }

  private waitFor(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
    })
  }

  private receive({ ready, reached, id, value, error }: Message): void {
    if (reached === true) this.reached++
    if (ready !== undefined) this.port = ready
    const key = ready !== undefined ? 0 : (id ?? -1)
    const waiting = this.waiting.get(key)
    this.waiting.delete(key)
    if (error !== undefined) waiting?.reject(new Error(error))
    else waiting?.resolve(value)
  }
}

/** A response, or what the connection came to. */
export interface Answer {
  readonly status: number | string
  readonly body: string
}

/** Sends a request on a new connection. Never rejects. `timeout`: milliseconds. */
export function send(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  timeout?: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { agent: false, headers, ...(timeout === undefined ? {} : { timeout }) }
    const sent = request(url, options, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.once('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? '', body }))
    })
    sent.once('timeout', () => sent.destroy())
    sent.once('error', (error: NodeJS.ErrnoException) => resolve({ status: error.code ?? '', body: '' }))
    sent.end()
  })
}

/** Tries until it is so; the test's own time limit ends it otherwise. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Ships what is dead in a data directory, as `hoptrace ship` does. */
export function adoptAll(dir: string): Promise<AdoptReport> {
  return shipDeadRuns({ dataDir: dir, registry: fileRegistry(dir) })
}

/** A slow machine is no reason for another answer. */
const patienceMillis = 120_000

/** One question to a new resolver, which remembers no earlier answer. */
export async function resolveIn(dir: string, idOrKey: string): Promise<ResolveResult> {
  const resolver = createResolver({ dir, deadlineMillis: patienceMillis })
  return resolver.resolve(idOrKey).finally(() => resolver.close())
}
