// Writes what V8 knows of `process.nextTick` after garbage collections that found none of its objects alive. With a data directory, the
// process is traced.
import { setTimeout as sleep } from 'node:timers/promises'

const ticks = (left) =>
  new Promise((resolve) => {
    const next = () => void (--left > 0 ? process.nextTick(next) : resolve())
    process.nextTick(next)
  })

const [, , dataDir] = process.argv
const tracer =
  dataDir === undefined
    ? undefined
    : (await import('@hoptrace/core')).createTracer({ service: 'ticks', dataDir })
await ticks(1000)
for (let i = 0; i < 8; i++) {
  await sleep(1)
  globalThis.gc()
}
await ticks(1000)
new Function('%DebugPrint(process.nextTick)')()
await tracer?.close()
