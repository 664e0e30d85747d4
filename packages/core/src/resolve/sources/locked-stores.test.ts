import { Patience } from '../patience.js'
import { describe, expect, it } from 'vitest'
import { HoptraceError } from '../../errors.js'
import type { Store } from '../../store/contract.js'
import { memoryStore } from '../../store/memory.js'
import type { InstanceRow } from '../../store/instance-row.js'
import { segmentRecordsOf } from '../test-store.fixture.js'
import { testRecord, testRow } from '../test-trace.fixture.js'
import { noReads } from '../walk/reads.js'
import type { LiveSource } from './live-source.js'
import { StoreSource } from './store-source.js'
import { Stores } from './stores.js'
import { traceSource } from './trace-source.js'

const locked = 'level:/locked'
const free = 'level:/free'
const record = testRecord('orders', 4001)
const dead: InstanceRow = { ...testRow('orders', 4001), state: 'dead', stores: [locked, free] }
const signal = new AbortController().signal

/** A living instance that says it has nothing. */
const nothing = {
  lookupFor: async () => ({
    lookup: { kind: 'absent', throughNanos: 0n, final: false, dropped: false, source: 'store' },
  }),
  answered: () => false,
  alias: async () => undefined,
} as unknown as LiveSource

function sourceWith(peers: readonly InstanceRow[], other: Store) {
  const open = (url: string): Store => {
    if (url === free) return other
    throw new HoptraceError('HOPTRACE_STORE_LOCKED', `${url} is held by a living process`)
  }
  return traceSource(
    { live: nothing, log: null, store: new StoreSource(new Stores(open)), patience: new Patience(3000) },
    async () => peers,
  )
}

describe('a run that was shipped to two stores, of which a living process holds one', () => {
  const holder: InstanceRow = { ...testRow('orders', 4002), stores: [locked] }

  it('is found in the other one, though whoever holds the first has nothing of it', async () => {
    const other = memoryStore('locked-stores-1')
    await other.put(segmentRecordsOf(dead, [record]))
    const { lookup } = await sourceWith([holder], other).lookup(dead, record.hopId, noReads(), signal)
    expect(lookup.kind).toBe('found')
  })

  it('has no record only when everybody who may have it was asked', async () => {
    const none = memoryStore('locked-stores-2')
    const source = sourceWith([holder], none)
    expect((await source.lookup(dead, record.hopId, noReads(), signal)).lookup.kind).toBe('absent')
    // A sibling that holds another store cannot say what is in this one.
    const sibling: InstanceRow = { ...testRow('orders', 4003), stores: ['level:/its-own'] }
    const asked = sourceWith([sibling], none).lookup(dead, record.hopId, noReads(), signal)
    await expect(asked).rejects.toThrow('held by a living process')
  })
})
