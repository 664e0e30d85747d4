import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { built } from '../../../../dev/built.mjs'

/** What of a process is tested. */
export interface TickProcess {
  /** For what it writes. */
  readonly dir: string
  /** Before the program. @default none */
  readonly flags?: readonly string[]
  /** It has a tracer with this data directory. @default no tracer of its own */
  readonly dataDir?: string
}

/** What V8 knows of each property of the objects that `process.nextTick` makes: `MONOMORPHIC` where it makes them fast. */
export async function tickKinds({ dir, flags = [], dataDir }: TickProcess): Promise<string[]> {
  const program = built(new URL('ticks.fixture.mjs', import.meta.url))
  // V8 writes past the streams of Node, and a pipe takes only a part at once.
  const output = path.join(dir, 'output')
  const fd = openSync(output, 'w')
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--allow-natives-syntax', ...flags, program, ...(dataDir === undefined ? [] : [dataDir])],
    { cwd: dir, env, stdio: ['ignore', fd, 'inherit'] },
  )
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  closeSync(fd)
  if (code !== 0) throw new Error(`the process ended with ${code ?? signal}`)
  const literals = readFileSync(output, 'utf8').matchAll(/DefineKeyedOwnPropertyInLiteral ([A-Z]+)/g)
  return [...literals].map(([, kind = '']) => kind)
}
