import { removeDirSync, removeFileSync } from '../files/index.js'
import type { OwnedRun } from './owner.js'
import { ourRunDir } from './run-place.js'

/**
 * Deletes our files in the directory of a shipped run, and the directory unless it contains something else.
 */
export function deleteRunDir(run: Pick<OwnedRun, 'runDir' | 'held'>): void {
  if (run.held()) removeDirSync(ourRunDir(run.runDir))
}

/** Deletes one file of a run's directory. The caller owns it. */
export function deleteRunFile(runDir: string, name: string): void {
  removeFileSync(ourRunDir(runDir), name)
}
