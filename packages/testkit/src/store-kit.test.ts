import { fork } from 'node:child_process'
import { once } from 'node:events'
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
    const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-kit-'))
    let made = false
    return {
      // The first makes it; the others open exactly it, as a resolver does.
      connect: () => {
        const store = made ? levelStore({ dir: path.join(dir, '0') }) : levelStore({ slotsIn: dir })
        made = true
        return store
      },
      hold: async () => {
        const child = fork(new URL('./store-kit-holder.fixture.ts', import.meta.url), [dir])
        await once(child, 'message')
        made = true
        return {
          release: async () => {
            child.send('close')
            await once(child, 'exit')
          },
        }
      },
      remove: () => rm(dir, { recursive: true, force: true }),
    }
  },
})
