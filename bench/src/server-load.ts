import autocannon from 'autocannon'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const frameworks = ['express', 'koa', 'fastify'] as const
/** Or a plain handler of requests, on the server of Bun or of Deno. */
export type Framework = (typeof frameworks)[number] | 'handler'
/** How a server is traced: not at all, by its framework's adapter, by the hook for `--import`, by OpenTelemetry. */
export type Mode = 'bare' | 'hoptrace' | 'hook' | 'otel'

/**
 * What a request is: one that answers at once, or one with three events, a key and two calls, of which the second is answered after
 * {@link slowMillis}.
 */
export const works = { leaf: '/hello/world', order: '/order/42' } as const
export type Work = keyof typeof works
export const slowMillis = 20

/** Another executable of Node for the servers: each measurement compares servers of one. */
const nodeOfServers = process.env['BENCH_NODE'] ?? process.execPath

/** The work of a saturated server. */
export interface Sample {
  readonly requestsPerSecond: number
  readonly cpuMicros: number
}

/** What a server is for, and what is around it. */
export interface Surroundings {
  readonly work: Work
  readonly otlpUrl: string
  readonly calleeUrl: string
}

/** A leaf, and nothing around it. */
export const leafAlone: Surroundings = { work: 'leaf', otlpUrl: '', calleeUrl: '' }

/**
 * Runs `use` against a fresh server. When it resolves, the server's records are in its store, or at the sink.
 * @param runtime the words that run a program
 */
export async function withServer<T>(
  framework: Framework,
  mode: Mode,
  { work, otlpUrl, calleeUrl }: Surroundings,
  use: (url: string, child: ChildProcess) => Promise<T>,
  [execPath = nodeOfServers, ...words]: readonly string[] = [],
): Promise<T> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-bench-'))
  const child = fork(new URL('../servers/app.mjs', import.meta.url), [framework, mode], {
    env: {
      ...process.env,
      BENCH_DIR: dir,
      BENCH_OTLP_URL: otlpUrl,
      ...(work === 'order' ? { BENCH_CALLEE: calleeUrl } : {}),
      NODE_ENV: 'production',
      HOPTRACE_SERVICE: 'bench',
      HOPTRACE_DIR: dir,
    },
    execPath,
    execArgv: mode === 'hook' ? ['--import', '@hoptrace/node/register'] : [...words],
  })
  try {
    const { port } = (await message(child)) as { port: number }
    return await use(`http://127.0.0.1:${port}${works[work]}`, child)
  } finally {
    const exit = once(child, 'exit')
    child.send('stop')
    await exit
    rmSync(dir, { recursive: true, force: true })
  }
}

/** CPU of the server's process per request, and requests per second, with connections that send without a pause. */
export function measure(
  framework: Framework,
  mode: Mode,
  seconds: number,
  surroundings: Surroundings = leafAlone,
  runtime?: readonly string[],
): Promise<Sample> {
  const load = async (url: string, child: ChildProcess): Promise<Sample> => {
    const connections = surroundings.work === 'leaf' ? 50 : 100
    await autocannon({ url, connections, duration: 2 })
    const before = await usage(child)
    const result = await autocannon({ url, connections, duration: seconds })
    const after = await usage(child)
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${framework} ${mode}: requests failed`)
    const used = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
    return { requestsPerSecond: result.requests.average, cpuMicros: used / result.requests.total }
  }
  return withServer(framework, mode, surroundings, load, runtime)
}

interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly stats?: { readonly appended: number; readonly bytes: number }
}

export async function usage(child: ChildProcess): Promise<Usage> {
  child.send('cpu')
  return (await message(child)) as Usage
}

async function message(child: ChildProcess): Promise<unknown> {
  const [first] = (await once(child, 'message')) as [unknown]
  return first
}
