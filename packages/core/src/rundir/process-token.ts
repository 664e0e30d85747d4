import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

let token: string | undefined

/**
 * Identifies this process on this host, and distinguishes it from later processes with its number. The same
 * in all its threads.
 */
export function processToken(): string {
  token ??= hashed(process.pid, linuxStart('self') ?? ownStart())
  return token
}

/**
 * The token of a living process, by its number; undefined if there is none, or if the system does not say.
 */
export function tokenOfProcess(pid: number): string | undefined {
  if (pid === process.pid) return processToken()
  const start = linuxStart(String(pid))
  return start === undefined ? undefined : hashed(pid, start)
}

function hashed(pid: number, start: string): string {
  return createHash('sha256').update(`${pid} ${start}`).digest('hex').slice(0, 16)
}

/** Also undefined for zombies. */
function linuxStart(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}

function ownStart(): string {
  return String(Math.round((Date.now() / 1000 - process.uptime()) / 10))
}

/** Is a process of this host stopped, by a signal or by a debugger? False where nothing says so. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return /^[Tt]$/.test(stat.charAt(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
