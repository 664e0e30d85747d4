import { setTimeout as sleep } from 'node:timers/promises'
import { createTracer } from '@hoptrace/core'

// Writes what V8 knows of `process.nextTick` in a traced process, after garbage collections that found none of its objects alive.
const ticks = (left) =>
  new Promise((resolve) => {
    const next = () => void (--left > 0 ? process.nextTick(next) : resolve())
    process.nextTick(next)
  })

const tracer = createTracer({ service: 'ticks', dataDir: process.argv[2] })
await ticks(1000)
for (let i = 0; i < 8; i++) {
  await sleep(1)
  globalThis.gc()
}
await ticks(1000)
new Function('%DebugPrint(process.nextTick)')()
await tracer.close()
