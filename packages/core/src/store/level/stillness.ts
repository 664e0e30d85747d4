import path from 'node:path'
import { stampSync } from '../../files/index.js'
import { highestOwner, probeRun } from '../../rundir/index.js'
import { writersOf } from './writer-owner.js'

/**
 * Shows that no process is at work on the files of a store. If the text is the same before and after a read, what was read stays as it
 * is: a process that takes or leaves a writer's directory changes the directory. Undefined while a process may be at work.
 */
export async function stillnessOf(dir: string): Promise<string | undefined> {
  const stamps = [stampSync(dir)]
  for (const writer of writersOf(dir)) {
    const writerDir = path.join(dir, writer)
    const state = await probeRun(writerDir)
    // A copy of a store has no sockets, and so no owner.
    if (state === 'alive' || (state === 'unknown' && highestOwner(writerDir) > 0)) return undefined
    stamps.push(stampSync(writerDir))
  }
  return stamps.join('\n')
}
