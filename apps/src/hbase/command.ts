import { execFile } from 'node:child_process'
import { built } from '../../../dev/built.mjs'

/** How a command ended, and the JSON that it printed: one value a line. */
export interface Said {
  readonly code: number
  readonly lines: readonly unknown[]
}

const main = built(new URL('../../../packages/cli/src/main.ts', import.meta.url))

/** Runs the real `hoptrace` with `--json`, in a separate process. */
export function hoptrace(...args: readonly string[]): Promise<Said> {
  const { HOPTRACE_DIR: _, ...env } = process.env
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, ...args, '--json'], { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code
      if (typeof code !== 'number') return reject(error ?? new Error('it did not end'))
      try {
        resolve({ code, lines: readLines(stdout) })
      } catch (cause) {
        reject(new Error(`hoptrace ${args.join(' ')}: ${stdout}\n${stderr}`, { cause }))
      }
    })
  })
}

/** One document over many lines, or one a line. */
function readLines(text: string): unknown[] {
  if (text.trim() === '') return []
  if (text.startsWith('{\n') || text.startsWith('[\n')) return [JSON.parse(text)]
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
}
