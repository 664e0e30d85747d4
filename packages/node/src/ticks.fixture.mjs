// Writes what V8 knows of `process.nextTick` after garbage collections that found none of its objects alive.
import { setTimeout as sleep } from 'node:timers/promises'

const ticks = (count) =>
  new Promise((resolve) => {
    const next = () => (--count > 0 ? process.nextTick(next) : resolve())
    process.nextTick(next)
  })

await ticks(1000)
for (let i = 0; i < 8; i++) {
  await sleep(1)
  globalThis.gc()
}
await ticks(1000)
new Function('%DebugPrint(process.nextTick)')()
