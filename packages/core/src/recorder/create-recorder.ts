import { isStore } from '../store/contract.js'
import { reachOf } from '../store/open-store.js'
import type { Diagnostics } from '../base/diagnostics.js'
import type { HopLogStats } from '../log/entries.js'
import { type Settings } from '../settings/options.js'
import { LocalRecorder } from './local-recorder.js'
import type { RecordedRun, Recorder } from './recorder.js'
import { WorkerRecorder } from './worker-recorder.js'

/** A worker thread, or this thread when a store is an object of this process. */
export function createRecorder(settings: Settings, run: RecordedRun, diagnostics: Diagnostics): Recorder {
  const { trust: _trust, redact: _redact, ...rest } = settings
  if (isLocal(settings.store) || (settings.registry !== undefined && isLocal(settings.registry))) {
    const sweep = async (): Promise<void> => run.sweep(0)
    const counts = (): HopLogStats => run.log.stats()
    const blockedSince = async (): Promise<undefined> => undefined
    return new LocalRecorder({
      settings: rest,
      runDir: run.dir,
      again: false,
      sweep,
      counts,
      blockedSince,
      diagnostics,
    })
  }
  return new WorkerRecorder(rest, run, diagnostics)
}

function isLocal(store: Settings['store']): boolean {
  return isStore(store) || reachOf(store) === 'process'
}
