import { spawn, type ChildProcess } from 'node:child_process'
import { built } from '../../../dev/built.mjs'

/** A service in a separate process. */
export interface Child {
  readonly pid: number
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** What it has written so far, the last 16 kB. */
  output(): string
  kill(signal: NodeJS.Signals): void
}

/** How a program is started. */
export interface ChildOptions {
  /** How long it may take until it listens. @default 240000 */
  readonly patienceMillis?: number
  /**
   * Words in front of its command that keep its pid and its streams, as those that make it a process of
   * another host.
   */
  readonly inside?: readonly string[]
  /** The words that run a program in a runtime. @default those of Node */
  readonly runtime?: readonly string[]
  /** More arguments for the runtime. */
  readonly nodeArguments?: readonly string[]
  /** Hears each message of the program. */
  readonly onMessage?: (message: unknown) => void
}

/**
 * Starts a program of the workspace, given by its source, and resolves when it says that it listens. Rejects
 * with what it wrote when it ends before that or says nothing for too long.
 */
export async function startChild(
  program: string,
  env: NodeJS.ProcessEnv,
  {
    patienceMillis = 240_000,
    inside = [],
    runtime = [process.execPath],
    nodeArguments = [],
    onMessage,
  }: ChildOptions = {},
): Promise<Child> {
  const words = [...inside, ...runtime, ...nodeArguments, built(program)]
  const child = spawn(words[0] ?? '', words.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-16_384)
  }
  if (onMessage) child.on('message', onMessage)
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    await listening(child, patienceMillis)
  } catch (error) {
    signal(child, 'SIGKILL')
    throw new Error(`${program} did not start: ${(error as Error).message}\n${output}`, { cause: error })
  }
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => output,
    kill: (name) => signal(child, name),
  }
}

async function listening(child: ChildProcess, patienceMillis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let off: () => void = () => undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const onMessage = (message: unknown): void => {
        if (typeof message === 'object' && message !== null && 'listening' in message) resolve()
      }
      const onExit = (code: number | null, by: string | null): void =>
        reject(new Error(`it ended with ${String(code ?? by)}`))
      child.on('message', onMessage).once('exit', onExit).once('error', reject)
      off = () => child.off('message', onMessage).off('exit', onExit).off('error', reject)
      timer = setTimeout(
        () => reject(new Error(`it does not listen after ${patienceMillis} ms`)),
        patienceMillis,
      )
    })
  } finally {
    clearTimeout(timer)
    off()
  }
}

/** `child.kill` of Deno takes a process that was sent any signal for an ended one. */
function signal({ pid, exitCode, signalCode }: ChildProcess, name: NodeJS.Signals): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, name)
}
