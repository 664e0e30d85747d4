import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A service that runs as a process of its own. */
export interface Child {
  readonly pid: number
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** What it has written so far, the last 16 kB. */
  output(): string
  kill(signal: NodeJS.Signals): void
}

// Not the one of whatever directory this is started in.
const tsconfig = fileURLToPath(new URL('../../tsconfig.json', import.meta.url))

/** How to run a TypeScript program from source, whatever the working directory. */
export const sourceArguments: readonly string[] = [
  '--conditions=@hoptrace/source',
  '--import',
  import.meta.resolve('tsx'),
]

/**
 * Starts a program and resolves when it says that it listens. Rejects with what it wrote when it ends before that or
 * says nothing for `patienceMillis`.
 */
export async function startChild(
  program: string,
  env: NodeJS.ProcessEnv,
  patienceMillis = 30_000,
): Promise<Child> {
  const child = spawn(process.execPath, [...sourceArguments, program], {
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-16_384)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  try {
    await listening(child, patienceMillis)
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${program} did not start: ${(error as Error).message}\n${output}`, { cause: error })
  }
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => output,
    kill: (signal) => void child.kill(signal),
  }
}

async function listening(child: ChildProcess, patienceMillis: number): Promise<void> {
  const given = AbortSignal.timeout(patienceMillis)
  const over = new AbortController()
  const signal = AbortSignal.any([given, over.signal])
  try {
    await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code, by]) => {
        throw new Error(`it ended with ${String(code ?? by)}`)
      }),
    ])
  } catch (error) {
    throw given.aborted ? new Error(`it does not listen after ${patienceMillis} ms`) : error
  } finally {
    over.abort()
  }
}
