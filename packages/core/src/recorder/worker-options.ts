import { totalmem } from 'node:os'
import type { WorkerOptions } from 'node:worker_threads'

/** Flags of the process by which modules are found, with whether a value follows. The thread needs them, and no others. */
const kept: ReadonlyMap<string, boolean> = new Map([
  ['-C', true],
  ['--conditions', true],
  ['--dns-result-order', true],
  ['--preserve-symlinks', false],
])
const mebibyte = 1 << 20

/**
 * How the shipping thread is started. Most flags of the process are not its own: `--input-type` stops it, and what `--import` names
 * is the application's. Its heap is bounded, so that what it reads ends the thread at most, and never the process.
 */
export function workerOptions(execArgv = process.execArgv, env = process.env): WorkerOptions {
  const { NODE_OPTIONS: options = '', ...rest } = env
  return {
    name: 'hoptrace',
    execArgv: keptFlags(execArgv),
    env: { ...rest, NODE_OPTIONS: keptFlags(options.split(/\s+/)).join(' ') },
    resourceLimits: {
      maxOldGenerationSizeMb: Math.max(128, Math.min(1024, Math.floor(totalmem() / mebibyte / 4))),
      maxYoungGenerationSizeMb: 4,
    },
  }
}

function keptFlags(flags: readonly string[]): string[] {
  const result: string[] = []
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] as string
    const valued = kept.get(flag.split('=')[0] ?? '')
    if (valued === undefined) continue
    result.push(flag)
    if (valued && !flag.includes('=') && flags[i + 1] !== undefined) result.push(flags[++i] as string)
  }
  return result
}
