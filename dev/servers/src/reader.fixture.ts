import { openStore } from '@hoptrace/core/store'

// Reads a store by its URL, and closes nothing. With `makes`, it makes the store first, and puts a row.
const [url = '', makes] = process.argv.slice(2)
const [kind = ''] = url.split(/[+:]/)
const context = { dataDir: '.', service: 'asker' }
const store = openStore(makes === undefined ? url : { kind, url }, context)
if (makes !== undefined) await store.put([{ key: Buffer.from('a'), value: Buffer.from('a') }])
const rows = await store.scan({ from: Buffer.of(0), to: Buffer.of(255), limit: 10 })
process.stdout.write(`${rows.length} rows`)
