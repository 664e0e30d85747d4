import { levelStore } from './level-store.js'

/** Puts one row into a level store, says where, and waits to be killed. */
const store = levelStore({ slotsIn: process.argv[2] as string })
await store.put([{ key: Buffer.from('a'), value: Buffer.from('acknowledged') }])
process.send?.(store.url)
process.on('disconnect', () => process.exit())
