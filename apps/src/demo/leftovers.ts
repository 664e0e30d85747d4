import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, signal } from '../chain/process-identity.js'
import type { DemoProcess } from './demo-file.js'

/** Name under which the demo itself is in its state file. */
export const DEMO = 'demo'

/** Processes of the file that really still live: same pid and same start time. */
export function living(processes: readonly DemoProcess[]): DemoProcess[] {
  return processes.filter((one) => isAlive(one))
}

/**
 * Ends processes in order, after `patienceMillis` with SIGKILL, each only while it is verified to be the one that was
 * started. Returns those that live on all the same (not ours to signal).
 */
export async function end(processes: readonly DemoProcess[], patienceMillis = 5000): Promise<DemoProcess[]> {
  for (const name of ['SIGTERM', 'SIGKILL'] as const) {
    for (const one of living(processes)) signal(one, name)
    for (let waited = 0; waited < patienceMillis && living(processes).length > 0; waited += 50)
      await sleep(50)
  }
  return living(processes)
}
