import { levelStore } from './level-store.js'

/** Puts rows into a level store, and says which are acknowledged, until it is killed. */
const [dir = '', name = ''] = process.argv.slice(2)
const store = levelStore({ dir })
process.on('disconnect', () => process.exit())
for (let i = 0; ; i++) {
  const key = `${name}-${String(i).padStart(6, '0')}`
  await store.put([{ key: Buffer.from(key), value: Buffer.alloc(20_000, i) }])
  process.send?.(key)
}
