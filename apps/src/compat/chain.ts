import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createResolver, type ResolveResult, type Resolver } from '@hoptrace/core'
import type { Client, Framework } from './matrix.js'
import type { Project } from './project.js'

/** How long a program may take to start, a request to be answered, and a verdict to be final. */
const PATIENCE_MILLIS = 60_000

/** The second service on one line of Node, and a resolver of what all services of this line record. */
export class Stock implements AsyncDisposable {
  readonly node: string
  readonly dataDir: string
  readonly resolver: Resolver
  private readonly process: Program

  private constructor(node: string, dataDir: string, process: Program) {
    this.node = node
    this.dataDir = dataDir
    this.process = process
    this.resolver = createResolver({ dir: dataDir })
  }

  /** Starts it with the executable `node`, in any of the projects. */
  static async start(node: string, { dir }: Project): Promise<Stock> {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-compat-data-'))
    const process = await Program.start(node, dir, ['--import', '@hoptrace/node/register', 'stock.mjs'], {
      HOPTRACE_DIR: dataDir,
      HOPTRACE_SERVICE: 'stock',
    })
    return new Stock(node, dataDir, process)
  }

  get url(): string {
    return `http://127.0.0.1:${this.process.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resolver.close()
    await this.process[Symbol.asyncDispose]()
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What became of a framework with each client: undefined if all was recorded as it is to be, else what was wrong. */
export type Outcomes = ReadonlyMap<Client, string | undefined>

/** Starts a framework before the second service, and sends a request that succeeds and one that fails by each client. */
export async function tryFramework(
  project: Project,
  stock: Stock,
  framework: Framework,
  clients: readonly Client[],
): Promise<Outcomes> {
  const env = {
    HOPTRACE_DIR: stock.dataDir,
    STOCK: stock.url,
    ...(framework.hooked ? { HOPTRACE_SERVICE: 'front' } : {}),
  }
  const args = [
    ...(framework.hooked ? ['--import', '@hoptrace/node/register'] : []),
    'front.mjs',
    framework.id,
  ]
  const outcomes = new Map<Client, string | undefined>()
  try {
    await using front = await Program.start(stock.node, project.dir, args, env)
    await Promise.all(
      clients.map(async (client) => outcomes.set(client, await tryClient(front, stock, framework, client))),
    )
    const told = front.errors().trim()
    if (told !== '')
      for (const client of clients) outcomes.set(client, outcomes.get(client) ?? lastLine(told))
  } catch (error) {
    for (const client of clients) outcomes.set(client, outcomes.get(client) ?? reasonOf(error))
  }
  return outcomes
}

async function tryClient(
  front: Program,
  { resolver }: Stock,
  framework: Framework,
  { id }: Client,
): Promise<string | undefined> {
  try {
    for (const outcome of ['ok', 'failing'] as const) {
      const key = `${outcome}-${framework.id}-${framework.project}-${framework.hooked ?? ''}-${id}`
      const status = await statusOf(`http://127.0.0.1:${front.port}/orders/${key}?client=${id}`)
      const expected = outcome === 'ok' ? 200 : 500
      if (status !== expected) return `answers ${status} in place of ${expected}: ${lastLine(front.errors())}`
      const wrong = await eventually(() => resolver.resolve(`order=${key}`), wrongIn(framework, outcome))
      if (wrong !== undefined) return `${outcome}: ${wrong}`
    }
    return undefined
  } catch (error) {
    return `${reasonOf(error)} ${lastLine(front.errors())}`.trim()
  }
}

/** What a trace lacks: one trace of two hops, joined by a call, with route, status and verdict. */
const wrongIn =
  ({ route }: Framework, outcome: 'ok' | 'failing') =>
  ({ verdict, endedAt, hops }: ResolveResult): string | undefined => {
    const status = outcome === 'ok' ? 200 : 500
    const shown = JSON.stringify({
      verdict,
      endedAt: outcome === 'ok' ? undefined : endedAt?.service,
      hops: hops.map((hop) => [hop.service, hop.route, hop.status, hop.next.map((call) => call.outcome)]),
    })
    const expected = JSON.stringify({
      verdict: outcome === 'ok' ? 'completed' : 'failed',
      endedAt: outcome === 'ok' ? undefined : 'stock',
      hops: [
        ['front', route, status, [String(status)]],
        ['stock', null, status, []],
      ],
    })
    return shown === expected ? undefined : `has ${shown} in place of ${expected}`
  }

/** Asks until nothing is wrong, or until that takes too long. */
async function eventually<T>(
  ask: () => Promise<T>,
  wrong: (answer: T) => string | undefined,
): Promise<string | undefined> {
  for (const until = performance.now() + PATIENCE_MILLIS / 4; ; await sleep(50)) {
    const found = wrong(await ask())
    if (found === undefined || performance.now() > until) return found
  }
}

async function statusOf(url: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MILLIS)
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode))
    }).on('error', reject)
  })
}

/** A program of a project that listens. */
class Program implements AsyncDisposable {
  readonly port: number
  private readonly child: ChildProcess
  private readonly written: { text: string }

  private constructor(child: ChildProcess, port: number, written: { text: string }) {
    this.child = child
    this.port = port
    this.written = written
  }

  static async start(
    node: string,
    cwd: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Program> {
    const { NODE_OPTIONS: _, ...inherited } = process.env
    // Deprecations of the frameworks are no failure.
    const child = spawn(node, ['--no-deprecation', ...args], {
      cwd,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const written = { text: '' }
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.text += text))
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MILLIS)
    const lines = createInterface({ input: child.stdout })
    const line = await Promise.race([
      once(lines, 'line').then(([text]) => String(text)),
      once(child, 'close').then(() => undefined),
    ])
    clearTimeout(timer)
    if (line === undefined) throw new Error(lastLine(written.text) || 'the program ended')
    return new Program(child, (JSON.parse(line) as { port: number }).port, written)
  }

  errors(): string {
    return this.written.text
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    // It closes its tracer: the next process of the host would say that it ships the records of a dead one.
    this.child.kill('SIGTERM')
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MILLIS)
    await once(this.child, 'close')
    clearTimeout(timer)
  }
}

/** The line of an output that names an error, on one line of the table. */
function lastLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return (lines.find((line) => /Error|Warning/.test(line)) ?? lines.at(-1) ?? '').trim().slice(0, 300)
}

const reasonOf = (error: unknown): string => lastLine(error instanceof Error ? error.message : String(error))
