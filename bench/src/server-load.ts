import autocannon from 'autocannon'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export const frameworks = ['express', 'koa', 'fastify'] as const
/** Or a plain handler of requests, on the server of Bun or of Deno. */
export type Framework = (typeof frameworks)[number] | 'handler'
/**
 * How a server is traced: not at all, by its framework's adapter, by the hook for `--import`, by
 * OpenTelemetry.
 */
export type Mode = 'bare' | 'hoptrace' | 'hook' | 'otel'

/**
 * What a request is: one that answers at once, or one with three events, a key and two calls, of which the
 * second is answered after {@link slowMillis}.
 */
export const works = { leaf: '/hello/world', order: '/order/42' } as const
export type Work = keyof typeof works
export const slowMillis = 20
/**
 * Seconds of load before the clock begins. V8 has compiled what an order runs, of axios most of all, after some 12,000 orders:
 * until then they take up to three times the CPU, bare or not.
 */
const warmUp: Readonly<Record<Work, number>> = { leaf: 2, order: 8 }

/** The work of a saturated server, and the memory of its process. */
export interface Sample {
  readonly requestsPerSecond: number
  /** CPU of all threads of the process, microseconds a request. */
  readonly cpuMicros: number
  /** Resident memory before the load, after a hundred requests and {@link Load.restMillis}. */
  readonly restBytes: number
  /** The most resident memory while the load lasted, looked at every 100 ms. */
  readonly peakBytes: number
}

/** What a server is for, and what is around it. */
export interface Surroundings {
  readonly work: Work
  readonly otlpUrl: string
  readonly calleeUrl: string
}

/** A leaf, and nothing around it. */
export const leafAlone: Surroundings = { work: 'leaf', otlpUrl: '', calleeUrl: '' }

/** How a server is measured. */
export interface Load {
  readonly seconds: number
  /** The pause after the first hundred requests. @default 0 */
  readonly restMillis?: number
  /** @default leafAlone */
  readonly surroundings?: Surroundings
  /** The words that run a program: an executable and its flags. @default the Node of this process */
  readonly runtime?: readonly string[]
}

/**
 * Runs `use` against a fresh server. When it resolves, the server's records are in its store, or at the sink.
 * @param runtime the words that run a program
 */
export async function withServer<T>(
  framework: Framework,
  mode: Mode,
  { work, otlpUrl, calleeUrl }: Surroundings,
  use: (url: string, child: ChildProcess) => Promise<T>,
  [execPath = process.execPath, ...words]: readonly string[] = [],
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
    execArgv: mode === 'hook' ? [...words, '--import', '@hoptrace/node/register'] : words,
  })
  const exit = once(child, 'exit')
  try {
    const { port } = (await message(child)) as { port: number }
    return await use(`http://127.0.0.1:${port}${works[work]}`, child)
  } finally {
    if (child.connected) child.send('stop')
    await exit
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Sends requests one after the other. */
export async function sendEach(url: string, requests: number): Promise<void> {
  for (let i = 0; i < requests; i++) await (await fetch(url)).text()
}

/** Measures a fresh server with connections that send without a pause. */
export function measure(
  framework: Framework,
  mode: Mode,
  { seconds, restMillis = 0, surroundings = leafAlone, runtime }: Load,
): Promise<Sample> {
  const load = async (url: string, child: ChildProcess): Promise<Sample> => {
    await sendEach(url, 100)
    await pause(restMillis)
    const atRest = await usage(child)
    const connections = surroundings.work === 'leaf' ? 50 : 100
    await autocannon({ url, connections, duration: warmUp[surroundings.work] })
    const before = await usage(child)
    const result = await autocannon({ url, connections, duration: seconds })
    const after = await usage(child)
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${framework} ${mode}: requests failed`)
    const used = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system
    return {
      requestsPerSecond: result.requests.average,
      cpuMicros: used / result.requests.total,
      restBytes: atRest.memory.rss,
      peakBytes: after.peakBytes,
    }
  }
  return withServer(framework, mode, surroundings, load, runtime)
}

interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly memory: NodeJS.MemoryUsage
  /** The most resident memory since the last question. */
  readonly peakBytes: number
  readonly stats?: { readonly appended: number; readonly bytes: number }
}

/** Asks a server what its process has used. A server with `--expose-gc` collects its garbage first. */
export async function usage(child: ChildProcess): Promise<Usage> {
  child.send('usage')
  return (await message(child)) as Usage
}

/** The next message of a process. Rejects if it ends before. */
export async function message(child: ChildProcess): Promise<unknown> {
  const abort = new AbortController()
  const ended = async (): Promise<never> => {
    const [code, signal] = (await once(child, 'exit', { signal: abort.signal })) as [number | null, string]
    throw new Error(`a server of the bench ended: ${code === null ? signal : `exit code ${code}`}`)
  }
  try {
    const [first] = (await Promise.race([once(child, 'message', { signal: abort.signal }), ended()])) as [
      unknown,
    ]
    return first
  } finally {
    abort.abort()
  }
}
