import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** An executable of Node. */
export interface NodeLine {
  readonly version: string
  readonly execPath: string
}

/**
 * The Node that servers run on. `line` is a version or a range of the npm package `node` (`24`, `22.12`), a
 * path of an executable, or
 * `current`: the Node that runs this. Rejects with what to do if it cannot be had.
 */
export async function nodeOf(line: string): Promise<NodeLine> {
  const show = ['-p', 'JSON.stringify({ version: process.versions.node, execPath: process.execPath })']
  const isExecutable = line === 'current' || line.includes('/')
  const [command = '', ...words] = isExecutable
    ? [line === 'current' ? process.execPath : line]
    : ['npm', 'exec', '--yes', `--package=node@${line}`, '--', 'node']
  try {
    const { stdout } = await execute(command, [...words, ...show], { timeout: 300_000 })
    return JSON.parse(stdout) as NodeLine
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    const cause = stderr?.trim() || message
    throw new Error(
      `no Node ${line}: ${cause}\n` +
        (isExecutable
          ? 'Name an executable of Node by its path, or take the Node that runs this: --node current'
          : 'npm brings it as the package "node". Without a network, take the Node that runs this ' +
            '(--node current), or name an executable (--node /path/to/node)'),
    )
  }
}
