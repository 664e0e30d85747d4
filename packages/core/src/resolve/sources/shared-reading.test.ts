import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { levelStore } from '../../store/level/level-store.js'
import { testRow } from '../test-trace.fixture.js'
import { noReads } from '../walk/reads.js'
import { Stores } from './stores.js'

const row = testRow('orders', 4001)

describe('a store that only one process may have open', () => {
  let parent: string
  let dir: string

  beforeEach(async () => {
    parent = mkdtempSync(path.join(tmpdir(), 'hoptrace-shared-reading-'))
    dir = path.join(parent, '0')
    const made = levelStore({ slotsIn: parent })
    await made.open()
    await made.close()
  })

  afterEach(() => rmSync(parent, { recursive: true, force: true }))

  it('is let go of now and then by a resolver that reads it all the time', async () => {
    const stores = new Stores(() => levelStore({ dir }))
    let over = false
    let reads = 0
    const reader = async (): Promise<void> => {
      while (!over) {
        // The other process may have it just now.
        await stores
          .use('level:busy', row, noReads(), () => sleep(5))
          .then(
            () => reads++,
            () => sleep(20),
          )
      }
    }
    const readers = [reader(), reader(), reader()]
    while (reads === 0) await sleep(10)
    const other = fork(new URL('./wait-for-store.fixture.ts', import.meta.url), [dir])
    onTestFinished(() => void other.kill('SIGKILL'))
    // Without a gap it waits until the test's time is up.
    expect(await once(other, 'message')).toEqual(['trying', undefined])
    expect(await once(other, 'message')).toEqual(['opened', undefined])
    const then = reads
    while (reads === then) await sleep(10)
    over = true
    await Promise.all(readers)
    await stores.close()
  })

  it('is still read beside a long range of the same resolver', async () => {
    const stores = new Stores(() => levelStore({ dir }))
    const seen: string[] = []
    const range = async function* () {
      for (const part of ['first', 'second']) {
        yield part
        await sleep(400)
      }
    }
    for await (const part of stores.pages('level:long', row, noReads(), range)) {
      seen.push(part, await stores.use('level:long', row, noReads(), async () => 'beside'))
    }
    expect(seen).toEqual(['first', 'beside', 'second', 'beside'])
    await stores.close()
  })
})
