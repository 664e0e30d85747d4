import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createTracer } from '@hoptrace/core'

/**
 * A finished job, a running one, and a process that waits for a kill. Its long windows keep it from shipping.
 */
const dataDir = process.argv[2] as string
const tracer = createTracer({ service: 'nightly', dataDir })
tracer.run({ name: 'report.write' }, () => tracer.hop?.setKey('report', 'done'))
void tracer.run({ name: 'report.send' }, async () => {
  tracer.hop?.setKey('report', 'half')
  await new Promise(() => setInterval(() => undefined, 1000))
})

// Once the log exists, other processes can recognise that this one has died.
const logs = path.join(dataDir, 'logs', 'nightly')
const waiting = setInterval(() => {
  if (!readdirSync(logs).some((run) => existsSync(path.join(logs, run, 'owner-1.sock')))) return
  clearInterval(waiting)
  process.send?.('ready')
}, 50)
