import { spawn, type ChildProcess } from 'node:child_process'
import { built } from '../../../dev/built.mjs'

/** How a command ended and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the real command as a process. */
export function startHoptrace(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const { FORCE_COLOR, NO_COLOR, HOPTRACE_DIR, HOPTRACE_KEY, NODE_OPTIONS, ...rest } = process.env
  void [FORCE_COLOR, NO_COLOR, HOPTRACE_DIR, HOPTRACE_KEY, NODE_OPTIONS]
  return spawn(process.execPath, [built(new URL('main.ts', import.meta.url)), ...args], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Waits for a command to end; collects what it writes. */
export function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => void (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => void (stderr += text))
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })))
}

/** Runs the real command to its end. */
export function hoptrace(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return ended(startHoptrace(args, env))
}
