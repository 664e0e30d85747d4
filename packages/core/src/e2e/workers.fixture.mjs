// Loaded before everything else: worker threads that are started from here on can be ended when the process is told to.
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'

const workers = new Set()

threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args)
    workers.add(this)
    this.once('exit', () => workers.delete(this))
  }
}
syncBuiltinESMExports()

process.on('message', ({ order }) => {
  for (const worker of workers) {
    if (order.do === 'terminate-worker') void worker.terminate()
    // No message of the protocol: the code that reads it throws.
    if (order.do === 'throw-in-worker') worker.postMessage(null)
  }
})
