import { levelStore } from '@hoptrace/core/store'

/** Has a level store open until its parent sends a message or goes away. */
const store = levelStore({ slotsIn: process.argv[2] as string })
await store.open()
process.on('message', () => void store.close().then(() => process.disconnect()))
process.on('disconnect', () => process.exit())
process.send?.(store.url)
