import { openStore } from '@hoptrace/core/store'

// Reads a store by its URL, and closes nothing.
const [url = ''] = process.argv.slice(2)
const store = openStore(url, { dataDir: '.', service: 'asker' })
const rows = await store.scan({ from: Buffer.of(0), to: Buffer.of(255), limit: 10 })
process.stdout.write(`${rows.length} rows`)
