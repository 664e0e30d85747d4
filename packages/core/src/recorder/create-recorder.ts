import { isStore } from '../store/contract.js'
import { reachOf } from '../store/open-store.js'
import type { Diagnostics } from '../base/diagnostics.js'
import type { HopLogStats } from '../log/entries.js'
import { type Settings } from '../settings/options.js'
import { LateRecorder } from './late-recorder.js'
import type { RecordedRun, Recorder } from './recorder.js'
import { workerFile } from './worker-file.js'
import { WorkerRecorder } from './worker-recorder.js'

/**
 * A worker thread; or this thread, if a store is an object of this process, or if the application was bundled together with hoptrace and
 * the thread's file is missing.
 */
export function createRecorder(settings: Settings, run: RecordedRun, diagnostics: Diagnostics): Recorder {
  const { trust: _trust, redact: _redact, ...rest } = settings
  const isHere = isLocal(settings.store) || (settings.registry !== undefined && isLocal(settings.registry))
  const file = isHere ? undefined : workerFile()
  if (file === undefined) {
    if (!isHere) diagnostics('HOPTRACE_WORKER', bundled)
    const sweep = async (): Promise<void> => run.sweep(0)
    const counts = (): HopLogStats => run.log.stats()
    const blockedSince = async (): Promise<undefined> => undefined
    return new LateRecorder(async () => {
      const { LocalRecorder } = await import('./local-recorder.js')
      const { dir: runDir } = run
      return new LocalRecorder({
        settings: rest,
        runDir,
        again: false,
        sweep,
        counts,
        blockedSince,
        diagnostics,
      })
    }, diagnostics)
  }
  return new WorkerRecorder(file, rest, run, diagnostics)
}

const bundled =
  'the application was bundled together with hoptrace, and the file of the shipping thread is not beside the bundle: the application\u2019s thread ships. Keep @hoptrace/core external (esbuild: --external:@hoptrace/core, webpack and ncc: externals), or copy node_modules/@hoptrace/core/dist/hoptrace-worker.js beside the bundle'

function isLocal(store: Settings['store']): boolean {
  return isStore(store) || reachOf(store) === 'process'
}
