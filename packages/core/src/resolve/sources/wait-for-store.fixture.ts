import { setTimeout as sleep } from 'node:timers/promises'
import { levelStore } from '../../store/level/level-store.js'

/** Tries to open a level store until it can, says so, and ends. */
const dir = process.argv[2] as string
process.on('disconnect', () => process.exit())
process.send?.('trying')
for (;;) {
  const store = levelStore({ dir })
  try {
    await store.open()
    await store.close()
    break
  } catch {
    await sleep(20)
  }
}
process.send?.('opened')
