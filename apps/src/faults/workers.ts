import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'

// Imported before anything that starts a worker thread: what starts one from here on is known and can be ended.

const workers = new Set<threads.Worker>()

threads.Worker = class extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof threads.Worker>) {
    super(...args)
    workers.add(this)
    this.once('exit', () => workers.delete(this))
  }
}
syncBuiltinESMExports()

/** Ends every worker thread of this process, as running out of memory would. */
export function terminateWorkers(): void {
  for (const worker of workers) void worker.terminate()
}
