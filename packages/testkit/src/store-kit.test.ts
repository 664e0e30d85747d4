import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { levelStore, memoryStore } from '@hoptrace/core/store'
import { storeKit } from './store-kit.js'

let names = 0

storeKit({
  name: 'memory',
  create: async () => {
    const name = `kit-${++names}`
    return { connect: () => memoryStore(name), remove: async () => {} }
  },
})

storeKit({
  name: 'level',
  create: async () => {
    const parent = await mkdtemp(path.join(tmpdir(), 'hoptrace-kit-'))
    const dir = path.join(parent, 'store')
    return {
      connect: () => levelStore({ dir, make: true }),
      files: { dir, connect: (copy) => levelStore({ dir: copy }) },
      remove: () => rm(parent, { recursive: true, force: true }),
    }
  },
})
