import { isRunAlive } from '../../ship/index.js'
import type { InstanceRow } from '../../store/instance-row.js'

/** Does a run of this host still run? Its lock says so; where that may not be tried, whether there is such a process. */
export async function isAlive(row: InstanceRow): Promise<boolean> {
  if (row.state !== 'running') return false
  try {
    return await isRunAlive(row.logDir)
  } catch {
    return hasProcess(row.pid)
  }
}

/** One that may not be signalled is there. */
function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
