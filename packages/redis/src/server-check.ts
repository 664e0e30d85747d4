import { HoptraceError } from '@hoptrace/core/store'
import type { Command } from './connection.js'

/**
 * Throws for a server that removes rows by itself when its memory is full: what it removed would be taken for what never was. With `writes`,
 * warns once of a server that forgets acknowledged rows when it stops.
 */
export async function checkServer(
  url: string,
  ask: (command: Command) => Promise<unknown>,
  writes: boolean,
): Promise<void> {
  const memory = String(await ask(['INFO', 'memory']))
  const policy = /^maxmemory_policy:(.*?)\r?$/m.exec(memory)?.[1] ?? ''
  // Rows have no time to live, so the policies that remove only keys with one leave them alone.
  if (policy.startsWith('allkeys')) {
    throw new HoptraceError(
      'HOPTRACE_STORE_UNAVAILABLE',
      `${url}: this Redis removes keys when its memory is full (maxmemory-policy ${policy}), so a missing record would prove nothing; set maxmemory-policy noeviction`,
    )
  }
  if (writes && /^aof_enabled:0\r?$/m.test(String(await ask(['INFO', 'persistence'])))) warnOfLoss(url)
}

let warned = false

function warnOfLoss(url: string): void {
  if (warned) return
  warned = true
  process.emitWarning(
    `${url}: this Redis has no append-only file (appendonly no), so it loses records that it has acknowledged when it stops; set appendonly yes`,
    { type: 'HoptraceWarning', code: 'HOPTRACE_STORE' },
  )
}
