import path from 'node:path'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { built } from '../../../../dev/built.mjs'

const script = built(new URL('run-process.fixture.ts', import.meta.url))

/** A process of `run-process.fixture.ts`; `await using` kills it. */
export class TestProcess implements AsyncDisposable {
  readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private readonly exited: Promise<unknown>

  constructor(args: readonly (string | number)[], shell?: string) {
    const node = [process.execPath, script, ...args.map(String)]
    const cwd = path.dirname(script)
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit']
    this.child =
      shell === undefined
        ? spawn(node[0] as string, node.slice(1), { cwd, stdio })
        : spawn('bash', ['-c', `${shell}; exec "$@"`, 'bash', ...node], { cwd, stdio })
    this.exited = once(this.child, 'exit')
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]()
  }

  /** The next line that it prints, as JSON; undefined when it ended. */
  async next(): Promise<unknown> {
    const line = await this.lines.next()
    return line.done === true ? undefined : (JSON.parse(line.value) as unknown)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal)
    if (signal === 'SIGKILL') await this.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** `child.kill` of Deno takes a stopped process for an ended one. */
  private signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.child
    if (exitCode === null && signalCode === null) process.kill(pid as number, signal)
  }
}
