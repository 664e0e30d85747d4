import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from './host.js'

/** A program that runs on a host until it is stopped. */
export interface Daemon {
  readonly stop: () => Promise<void>
}

const PATIENCE_MILLIS = 120_000

/** Starts a program on a host; resolves when it listens on all of its ports. Rejects with what it wrote when it does not. */
export async function startDaemon(
  host: Host,
  command: readonly string[],
  ports: readonly number[],
): Promise<Daemon> {
  const [first = '', ...rest] = [...host.inside, ...command]
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-8192)))
  let over = false
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  }).then(() => void (over = true))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 3000)
    await ended
    clearTimeout(late)
  }
  for (const until = Date.now() + PATIENCE_MILLIS; !(await listens(host, ports)); await sleep(30)) {
    if (!over && Date.now() < until) continue
    await stop()
    throw new Error(`${command.join(' ')} does not listen on ${host.name}: ${output}`)
  }
  return { stop }
}

async function listens(host: Host, ports: readonly number[]): Promise<boolean> {
  const text = await host.run('ss', '-Hltn')
  const open = new Set([...text.matchAll(/:(\d+)\s+\S+:\*/g)].map(([, port]) => Number(port)))
  return ports.every((port) => open.has(port))
}
