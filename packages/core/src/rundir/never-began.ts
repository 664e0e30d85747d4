import type { Diagnostics } from '../base/diagnostics.js'
import { deleteRunDir } from './delete-run.js'
import { isOwnRun } from './owner.js'

/** No hop of a run ever began: what its process made to own it goes. Never throws. */
export function neverBegan(runDir: string, diagnostics: Diagnostics): void {
  try {
    deleteRunDir({ runDir, held: () => isOwnRun(runDir) })
  } catch (error) {
    diagnostics('HOPTRACE_SHIP', `${runDir} cannot be deleted: ${String(error)}`)
  }
}
