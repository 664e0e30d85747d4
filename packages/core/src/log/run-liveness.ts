import { bootId, isQuiet, probeRun } from '../rundir/index.js'
import { readRunInfo } from './read-run.js'

/**
 * Does the process that owns a run's directory live? It reads only. `dead` is certain: its socket refuses, and it was a process of
 * this machine since its last start, or the run has been silent for a minute.
 */
export async function runLiveness(runDir: string): Promise<'alive' | 'dead' | 'unsure'> {
  const state = await probeRun(runDir)
  if (state === 'alive') return 'alive'
  if (state === 'dead' && readRunInfo(runDir)?.boot === bootId()) return 'dead'
  // Another host that shares the directory cannot be asked from here.
  return (await isQuiet(runDir)) ? 'dead' : 'unsure'
}
