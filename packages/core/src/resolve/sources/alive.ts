import { runLiveness } from '../../log/run-liveness.js'
import type { InstanceRow } from '../../record/instance-row.js'

/** May a run whose directory is here still run? */
export async function isAlive(row: InstanceRow, runDir: string): Promise<boolean> {
  if (row.state !== 'running') return false
  return (await runLiveness(runDir, () => row.boot)) !== 'dead'
}
