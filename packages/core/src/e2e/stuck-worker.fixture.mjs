// Loaded before everything else: a shipping thread opens a pipe that nobody writes, and is stuck in the kernel once it has begun.
import { execFileSync } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import threads from 'node:worker_threads'

const pipe = path.join(tmpdir(), `hoptrace-stuck-${process.pid}`)
execFileSync('mkfifo', [pipe])

threads.Worker = class extends threads.Worker {
  constructor(_entry, options) {
    const code = `
      const turns = new BigInt64Array(require('node:worker_threads').workerData.memory)
      Atomics.store(turns, 1, process.hrtime.bigint())
      setTimeout(() => require('node:fs').openSync(${JSON.stringify(pipe)}, 'r'), 100)
    `
    super(code, { ...options, eval: true })
  }
}
syncBuiltinESMExports()
