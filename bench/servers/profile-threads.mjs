// With `--import`: worker threads are profiled if the process is. hoptrace hands none of the process's flags
// for that to its thread.
import { syncBuiltinESMExports } from 'node:module'
import threads from 'node:worker_threads'

const flags = process.execArgv.filter((flag) => flag.startsWith('--cpu-prof'))

threads.Worker = class extends threads.Worker {
  constructor(file, options) {
    super(file, { ...options, execArgv: [...options.execArgv, ...flags] })
  }
}
syncBuiltinESMExports()
