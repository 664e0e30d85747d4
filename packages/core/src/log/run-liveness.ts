import { bootId, isQuiet, probeRun } from '../rundir/index.js'
import { readRunInfo } from './read-run.js'

/**
 * Whether the process that owns a run's directory lives. It only reads. `dead` is certain: the owner's socket
 * refuses, and it was a process of this machine since the last boot, or the run has been silent for a minute.
 * @param registered the boot that the run's registry row names: of a run that has logged nothing, nothing else does
 */
export async function runLiveness(
  runDir: string,
  registered: () => string | undefined | Promise<string | undefined> = () => undefined,
): Promise<'alive' | 'dead' | 'unsure'> {
  const state = await probeRun(runDir)
  if (state === 'alive') return 'alive'
  if (state === 'dead' && (readRunInfo(runDir)?.boot ?? (await registered())) === bootId()) return 'dead'
  // A process on another host that shares the directory cannot be probed from here.
  return (await isQuiet(runDir)) ? 'dead' : 'unsure'
}
