import { spawn } from 'node:child_process'
import { built } from '../../../dev/built.mjs'
import type { Host } from './host.js'

const main = built(new URL('../../../packages/cli/src/main.ts', import.meta.url))

/** Runs the real `hoptrace` as a process of a host; resolves to its exit code and what it printed. */
export function hoptraceOn(
  host: Host,
  env: NodeJS.ProcessEnv,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }> {
  const words = [...host.inside, process.execPath, main, ...args]
  const child = spawn(words[0] ?? '', words.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output, errors }))
  })
}
