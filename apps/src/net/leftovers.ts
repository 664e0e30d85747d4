import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { identify } from '../chain/process-identity.js'
import { run } from './shell.js'

const NAMESPACES = '/run/netns'
const CONFIGURATION = '/etc/netns'
const OURS = /^hoptrace-(\d+)-(\d+)-/

/** Beginning of the names of this process's namespaces; no later process with the same pid has the same. */
export function namePrefix(): string {
  return `hoptrace-${process.pid}-${startOf(process.pid) ?? '0'}-`
}

/** Ends every process in the namespaces whose name begins with `prefix`, and removes them. */
export async function removeNamespaces(prefix: string): Promise<void> {
  const names = list(NAMESPACES).filter((name) => name.startsWith(prefix))
  await Promise.all(names.map((name) => endAllIn(name)))
  for (const name of names) await run('ip', ['netns', 'del', name]).catch(() => undefined)
  for (const name of list(CONFIGURATION)) {
    if (name.startsWith(prefix)) rmSync(path.join(CONFIGURATION, name), { recursive: true, force: true })
  }
}

/** Removes what processes left that made namespaces and were killed. */
export async function removeLeftovers(): Promise<void> {
  const prefixes = new Set<string>()
  for (const name of [...list(NAMESPACES), ...list(CONFIGURATION)]) {
    const [prefix, pid, start] = OURS.exec(name) ?? []
    if (prefix !== undefined && startOf(Number(pid)) !== start) prefixes.add(prefix)
  }
  for (const prefix of prefixes) await removeNamespaces(prefix)
}

async function endAllIn(namespace: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const pids = (await run('ip', ['netns', 'pids', namespace]).catch(() => '')).split('\n').filter(Boolean)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // It has just ended.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Clock ticks from boot to the start of a process. */
function startOf(pid: number): string | undefined {
  return identify(pid)?.started.split('@')[0]
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
