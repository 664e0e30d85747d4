import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { threadId } from 'node:worker_threads'
import { processToken } from '../../rundir/process-token.js'

/** Threads of this process that are known to have ended; their claims count for nothing. */
const ended = new Set<number>()

/** Tells this thread which threads of its process have ended. Thread numbers are never given twice. */
export function threadsEnded(threads: readonly number[]): void {
  for (const thread of threads) ended.add(thread)
}

/**
 * Claims a directory for this thread against the other threads of its process, or is false when one of them has it. LevelDB's
 * lock belongs to the process: a second thread that tries it is refused, but lets go of it for the whole process by that,
 * and then another process gets in.
 */
export function claimForThread(dir: string): boolean {
  const file = claimFile(dir)
  try {
    writeFileSync(file, String(threadId), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  if (!ended.has(Number(readFileSync(file, 'latin1')))) return false
  writeFileSync(file, String(threadId))
  return true
}

/** Lets go of the claim. */
export function releaseClaim(dir: string): void {
  rmSync(claimFile(dir), { force: true })
}

/** Removes the claims of processes that are gone. Only by who holds the lock itself. */
export function removeOldClaims(dir: string): void {
  const mine = path.basename(claimFile(dir))
  for (const name of readdirSync(dir)) {
    if (name.startsWith('claim-') && name !== mine) rmSync(path.join(dir, name), { force: true })
  }
}

function claimFile(dir: string): string {
  return path.join(dir, `claim-${processToken()}`)
}
