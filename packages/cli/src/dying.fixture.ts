import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createTracer } from '@hoptrace/core'

/** A job that has finished, one that is at work, and a process that waits to be killed. Its windows are long: it ships nothing. */
const dataDir = process.argv[2] as string
const tracer = createTracer({ service: 'nightly', dataDir })
tracer.run({ name: 'report.write' }, () => tracer.hop?.setKey('report', 'done'))
void tracer.run({ name: 'report.send' }, async () => {
  tracer.hop?.setKey('report', 'half')
  await new Promise(() => setInterval(() => undefined, 1000))
})

// From then on others can tell that it has died.
const logs = path.join(dataDir, 'logs', 'nightly')
const waiting = setInterval(() => {
  if (!readdirSync(logs).some((run) => existsSync(path.join(logs, run, 'owner-1.sock')))) return
  clearInterval(waiting)
  process.send?.('ready')
}, 50)
