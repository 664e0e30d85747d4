import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Names one process for good: a pid alone is given to another process one day, its start time is not. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in whatever unit the system tells; only ever compared. */
  readonly started: string
}

/** The identity of a living process, or undefined when there is none with this pid. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? linuxStart(pid) : psStart(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether that very process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started
}

/**
 * Sends a signal to that very process, and to none that merely got its pid. Returns whether it was sent.
 */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, name)
  } catch {
    return false
  }
}

// /proc/<pid>/stat: the name in parentheses may hold anything, so fields count from the last one. State is
// field 3, start time in clock ticks since boot is field 22. Ticks restart at each boot, hence the boot id.
function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[19] === undefined) return undefined
    return `${fields[19]}@${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return undefined
  }
}

function psStart(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return text === '' ? undefined : text
  } catch {
    return undefined
  }
}
