import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { processToken, tokenOfProcess } from '../../rundir/process-token.js'

/** A write takes no longer, also one of a process that cannot be told from here: another container's. */
const oldMillis = 60_000
const pattern = /^(\d{1,10})-([0-9a-f]{16})-[0-9a-f]{16}\.tmp$/

/** A name that no other write has, and that says which process writes. */
export function temporaryName(): string {
  return `${process.pid}-${processToken()}-${randomBytes(8).toString('hex')}.tmp`
}

/** Deletes what processes left that ended in the middle of a write. Rejects with what the file system says. */
export async function removeLeftovers(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const [, pid, token] = pattern.exec(name) ?? []
    if (pid === undefined || tokenOfProcess(Number(pid)) === token) continue
    const file = path.join(dir, name)
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }))
    if (Date.now() - mtimeMs > oldMillis) await rm(file, { force: true })
  }
}
