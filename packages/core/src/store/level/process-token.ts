import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

let token: string | undefined

/** Names this process on this host, also among processes that get its number later. The same in all its threads. */
export function processToken(): string {
  token ??= createHash('sha256').update(`${process.pid} ${startOfProcess()}`).digest('hex').slice(0, 16)
  return token
}

function startOfProcess(): string {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${fields[19]}`
  } catch {
    return String(Math.round((Date.now() / 1000 - process.uptime()) / 10))
  }
}
