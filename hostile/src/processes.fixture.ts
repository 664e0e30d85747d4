import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TracerOptions } from '@hoptrace/core'
import { built } from '../../dev/built.mjs'
import type { ControlMessage, Work } from './service.fixture.js'

const serviceProgram = built(new URL('service.fixture.ts', import.meta.url))
const commandProgram = built(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** No command and no message may take longer; on a busy machine all of them take seconds at most. */
const MOST_MILLIS = 120_000

/** The environment without what this process was given of hoptrace. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(
    ([name]) => !/^(HOPTRACE_|NODE_OPTIONS$|NODE_ENV$|NO_COLOR$|FORCE_COLOR$|VITEST)/.test(name),
  )
  return { ...Object.fromEntries(clean), ...more }
}

/** How a service is started. */
export interface ServiceOptions {
  readonly tracer: TracerOptions
  readonly env?: NodeJS.ProcessEnv
  /** Number of the user that it runs as; only root may give it. */
  readonly uid?: number
  /** Number of its group. @default `uid` */
  readonly gid?: number
  /** Its umask, in octal digits. */
  readonly umask?: string
}

/** A service that runs as a process. */
export class Service {
  readonly #child: ChildProcess
  readonly #output: () => string
  readonly port: number

  private constructor(child: ChildProcess, port: number, output: () => string) {
    this.#child = child
    this.port = port
    this.#output = output
  }

  /** Starts a service and resolves when it listens. Rejects with what it wrote when it does not. */
  static async start({ tracer, env = {}, uid, gid = uid, umask }: ServiceOptions): Promise<Service> {
    const child = fork(serviceProgram, {
      execArgv: [],
      env: environment({
        TRACER: JSON.stringify(tracer),
        ...(umask === undefined ? {} : { UMASK: umask }),
        ...env,
      }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-100_000)))
    const first = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)])
    if (first === undefined) throw new Error(`the service did not start: ${output}`)
    return new Service(child, (first[0] as { port: number }).port, () => output)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What it has written. */
  get output(): string {
    return this.#output()
  }

  /** Sends it a request; resolves to status, headers and body. */
  async work(work: Work, headers: Readonly<Record<string, string>> = {}): Promise<WorkDone> {
    const response = await fetch(`${this.url}/work`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(work),
    })
    const body = (await response.json()) as Partial<WorkDone['body']>
    return {
      status: response.status,
      headers: response.headers,
      body: { hopId: body.hopId ?? '', statuses: body.statuses ?? [] },
    }
  }

  /** Tells it something and resolves to its reply. Rejects when it takes too long, or when the process ends first. */
  async control(control: ControlMessage['control']): Promise<unknown> {
    const late = AbortSignal.timeout(MOST_MILLIS)
    const message: ControlMessage = { control }
    this.#child.send(message)
    const answered = once(this.#child, 'message', { signal: late })
    const gone = once(this.#child, 'exit', { signal: late }).then(() => {
      throw new Error(`the service ended: ${this.#output()}`)
    })
    gone.catch(() => undefined)
    const [{ reply }] = (await Promise.race([answered, gone])) as [{ reply: unknown }]
    return reply
  }

  /** Resolves to how the process ended, or to `late`. */
  async ended(): Promise<number | NodeJS.Signals | 'late'> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode ?? 'late'
    try {
      const [code, signal] = (await once(this.#child, 'exit', {
        signal: AbortSignal.timeout(MOST_MILLIS),
      })) as [number | null, NodeJS.Signals | null]
      return code ?? signal ?? 'late'
    } catch {
      return 'late'
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends the process by SIGKILL and resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGCONT')
    this.#child.kill('SIGKILL')
    await this.ended()
  }
}

/** How a service answered. */
export interface WorkDone {
  readonly status: number
  readonly headers: Headers
  readonly body: { readonly hopId: string; readonly statuses: readonly (number | string)[] }
}

/** How a command is run. */
export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly uid?: number
  /** Number of its group. @default `uid` */
  readonly gid?: number
  /** A program and its arguments that run the command: `['strace', '-f']`. */
  readonly under?: readonly string[]
}

/** How a command ended. */
export interface Ended {
  /** The exit code; `late` when it had to be killed. */
  readonly code: number | 'late' | null
  readonly stdout: string
  readonly stderr: string
}

/** The words that run the `hoptrace` command. */
export const commandWords: readonly string[] = [process.execPath, commandProgram]

/** Runs the `hoptrace` command to its end. */
export function hoptrace(
  args: readonly string[],
  { under = [], ...options }: CommandOptions = {},
): Promise<Ended> {
  return run([...under, ...commandWords, ...args], options)
}

/** Runs a program to its end, and kills it when it takes too long. */
export async function run(
  [program = '', ...args]: readonly string[],
  { env = {}, cwd, uid, gid = uid }: Omit<CommandOptions, 'under'> = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    env: environment(env),
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  let late = false
  const timer = setTimeout(() => {
    late = true
    // It and whatever it started.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, MOST_MILLIS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { code: late ? 'late' : code, stdout, stderr }
}
