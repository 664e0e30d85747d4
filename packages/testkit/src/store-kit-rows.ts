import { HoptraceError, type Row, type Store } from '@hoptrace/core/store'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytes, freshGround, freshStore, row, scanAll, shown, shownBytes } from './store-kit-ground.js'
import type { StoreSubject } from './store-kit-subject.js'

/** The store contract: an ordered map with batch put and forward scan. */
export function rowSuite(subject: StoreSubject): void {
  it('returns rows in key order, in whatever order they were put', async () => {
    const store = await freshStore(subject)
    await store.put([row('c'), row('a')])
    await store.put([row('b'), row('ab')])
    expect(shown(await scanAll(store, 'a', 'z'))).toEqual(['a=a', 'ab=ab', 'b=b', 'c=c'])
  })

  it('orders keys by unsigned bytes, zero bytes and ff included', async () => {
    const store = await freshStore(subject)
    const keys = ['\0', '\0\0', '\0\x01', '\x01', '\x7f', '\x80', '\x80\0', '\xfe\xff', '\xff', '\xff\0']
    await store.put(keys.toReversed().map((key) => row(key)))
    expect(shown(await scanAll(store, '\0', '\xff\xff'))).toEqual(
      keys.map((key) => `${shownBytes(key)}=${shownBytes(key)}`),
    )
  })

  it('scans from a key, inclusive, to a key, exclusive', async () => {
    const store = await freshStore(subject)
    await store.put(['a', 'b', 'c', 'd'].map((key) => row(key)))
    expect(shown(await store.scan({ from: bytes('b'), to: bytes('d'), limit: 10 }))).toEqual(['b=b', 'c=c'])
    expect(await store.scan({ from: bytes('b'), to: bytes('b'), limit: 10 })).toEqual([])
    expect(await store.scan({ from: bytes('d'), to: bytes('b'), limit: 10 })).toEqual([])
    expect(await store.scan({ from: bytes('e'), to: bytes('z'), limit: 10 })).toEqual([])
    expect(shown(await store.scan({ from: bytes('a\0'), to: bytes('c'), limit: 10 }))).toEqual(['b=b'])
  })

  it('returns as many rows as the limit, and fewer only at the end', async () => {
    const store = await freshStore(subject)
    const rows = Array.from({ length: 250 }, (_, i) => row(String(i).padStart(3, '0'), `v${i}`))
    await store.put(rows)
    for (const limit of [1, 2, 100, 249, 250, 251]) {
      const page = await store.scan({ from: bytes('0'), to: bytes('9'), limit })
      expect(shown(page)).toEqual(shown(rows.slice(0, limit)))
    }
    for (const limit of [1, 7, 125]) expect(shown(await scanAll(store, '0', '9', limit))).toEqual(shown(rows))
  })

  it('refuses an invalid limit', async () => {
    const store = await freshStore(subject)
    for (const limit of [0, -1, 1.5, NaN]) {
      await expect(store.scan({ from: bytes('a'), to: bytes('b'), limit })).rejects.toThrow(TypeError)
    }
  })

  it('replaces a row with the same key, even within one batch', async () => {
    const store = await freshStore(subject)
    await store.put([row('a', '1'), row('b', '1'), row('a', '2')])
    await store.put([row('b', '3')])
    expect(shown(await scanAll(store, 'a', 'z'))).toEqual(['a=2', 'b=3'])
  })

  it('accepts an empty batch', async () => {
    const store = await freshStore(subject)
    await store.put([])
    expect(await scanAll(store, '\0', '\xff')).toEqual([])
  })

  it('keeps values of 100 KB, of any bytes, and empty or short ones', async () => {
    const store = await freshStore(subject)
    const large = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) >> (i % 3)))
    await store.put([row('large', large), row('empty', ''), row('zero', '\0')])
    const rows = await store.scan({ from: bytes('a'), to: bytes('z\xff'), limit: 3 })
    expect(rows.map(({ value }) => Buffer.from(value))).toEqual([Buffer.alloc(0), large, Buffer.from([0])])
  })

  it('keeps its rows when the caller reuses the buffers', async () => {
    const store = await freshStore(subject)
    const used = row('key', 'value')
    await store.put([used])
    used.key.fill(0)
    used.value.fill(0)
    expect(shown(await scanAll(store, 'a', 'z'))).toEqual(['key=value'])
  })

  it('accepts parallel puts and scans', async () => {
    const store = await freshStore(subject)
    const batches = Array.from({ length: 8 }, (_, batch) =>
      Array.from({ length: 50 }, (_, i) => row(`${String(i).padStart(2, '0')}-${batch}`)),
    )
    const scans = Promise.all(Array.from({ length: 8 }, () => scanAll(store, '0', '9', 20)))
    await Promise.all(batches.map((rows) => store.put(rows)))
    for (const rows of await scans) expect(shown(rows)).toEqual(shown(rows).toSorted())
    expect(await scanAll(store, '0', '9')).toHaveLength(400)
  })

  it('agrees with a sorted map', async () => {
    const store = await freshStore(subject)
    const model = new Map<string, string>()
    const part = fc.string({
      unit: fc.constantFrom('\0', '\x01', 'a', '\x80', '\xff'),
      minLength: 1,
      maxLength: 4,
    })
    const put = fc.array(fc.tuple(part, part), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(put, part, part, fc.integer({ min: 1, max: 9 }), async (entries, from, to, limit) => {
        for (const [key, value] of entries) model.set(key, value)
        await store.put(entries.map(([key, value]) => row(key, value)))
        const wanted = [...model]
          .filter(([key]) => key >= from && key < to)
          .sort(([a], [b]) => (a < b ? -1 : 1))
        const found = await store.scan({ from: bytes(from), to: bytes(to), limit })
        expect(shown(found)).toEqual(
          wanted.slice(0, limit).map(([key, value]) => `${shownBytes(key)}=${shownBytes(value)}`),
        )
      }),
      { numRuns: 60, endOnFailure: true },
    )
  })

  it('removes a range, if it can', async () => {
    const store = await freshStore(subject)
    if (store.deleteRange === undefined) {
      expect(store.supports.ttl).toBe(true)
      return
    }
    await store.put(['a', 'b', 'b\0', 'c', 'd'].map((key) => row(key)))
    await store.deleteRange(bytes('b'), bytes('c'))
    await store.deleteRange(bytes('x'), bytes('z'))
    await store.deleteRange(bytes('d'), bytes('a'))
    expect(shown(await scanAll(store, 'a', 'z'))).toEqual(['a=a', 'c=c', 'd=d'])
  })

  it('opens without a call of open, and more than once', async () => {
    const store = (await freshGround(subject)).connect()
    await Promise.all([store.put([row('a')]), store.open(), store.open()])
    await store.open()
    expect(await scanAll(store, 'a', 'z')).toHaveLength(1)
  })

  it('has a url that finds it again', async () => {
    const ground = await freshGround(subject)
    const store = ground.connect()
    await store.open()
    expect(store.url).toMatch(/^[a-z][a-z0-9+-]*:./)
    const { url } = store
    await store.put([row('a')])
    expect(store.url).toBe(url)
    // A registry row names the store by it, and another process connects.
    const other = ground.connect()
    expect(other.url).toBe(url)
    await other.open()
    expect(other.url).toBe(url)
  })

  it('finds durable rows again, and shares them if it claims to', async () => {
    const ground = await freshGround(subject)
    const first = ground.connect()
    await first.put([row('a', '1'), row('b', 'x'.repeat(50_000))])
    const { durable, shared } = first.supports
    const second = ground.connect()
    if (shared) expect(await scanAll(second, 'a', 'z')).toHaveLength(2)
    await first.close()
    await second.close()
    const later = ground.connect()
    expect(await scanAll(later, 'a', 'z')).toHaveLength(durable ? 2 : 0)
  })

  it('rejects after close, and closes twice', async () => {
    const store = await freshStore(subject)
    await store.put([row('a')])
    await store.close()
    await store.close()
    await expectClosed(store)
    const never = (await freshGround(subject)).connect()
    await never.close()
    await expectClosed(never)
  })

  it('rejects while another process has it open, and opens after that', async () => {
    const ground = await freshGround(subject)
    if (ground.hold === undefined) {
      const { durable, shared } = ground.connect().supports
      expect(shared || !durable, 'a durable store that is not shared has hold() in its ground').toBe(true)
      return
    }
    const holder = await ground.hold()
    const store = ground.connect()
    await expect(store.open().finally(() => holder.release())).rejects.toMatchObject({
      code: 'HOPTRACE_STORE_LOCKED',
    })
    await store.put([row('a')])
    expect(await scanAll(store, 'a', 'z')).toHaveLength(1)
  })

  it('fails when its rows cannot be read, and gives them again when they can', async () => {
    const ground = await freshGround(subject)
    const store = ground.connect()
    await store.put([row('a')])
    if (ground.away === undefined) {
      const reason = 'a durable store that is no files of this host has away() in its ground'
      expect(ground.files !== undefined || !store.supports.durable, reason).toBe(true)
      return
    }
    const gone = await ground.away()
    try {
      const range = { from: bytes('a'), to: bytes('z'), limit: 10 }
      await expectFailure(store.scan(range), 'HOPTRACE_STORE_UNAVAILABLE')
    } finally {
      await gone.back()
    }
    await expect.poll(() => scanAll(store, 'a', 'z').catch(() => []), { timeout: 60_000 }).toHaveLength(1)
  })

  it('rejects an aborted scan with the reason', async () => {
    const store = await freshStore(subject)
    await store.put([row('a')])
    const range = { from: bytes('a'), to: bytes('z'), limit: 10 }
    await expect(store.scan({ ...range, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
    const controller = new AbortController()
    const scan = store.scan({ ...range, signal: controller.signal })
    controller.abort()
    // The scan may have finished before. It must not hang, or return a part as if it were all.
    await scan.then(
      (rows: readonly Row[]) => expect(rows).toHaveLength(1),
      (error: unknown) => expect(error).toMatchObject({ name: 'AbortError' }),
    )
  })
}

/** A failure is a `HoptraceError` of this code: by it callers tell a store that is away from a mistake of theirs. */
async function expectFailure(task: Promise<unknown>, code: string): Promise<void> {
  const outcome = await task.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  expect(outcome).toEqual({ error: expect.any(HoptraceError) as HoptraceError })
  expect((outcome as { error: HoptraceError }).error.code).toBe(code)
}

async function expectClosed(store: Store): Promise<void> {
  const code = 'HOPTRACE_STORE_CLOSED'
  await expectFailure(store.put([row('a')]), code)
  await expectFailure(store.scan({ from: bytes('a'), to: bytes('b'), limit: 1 }), code)
  await expectFailure(store.open(), code)
}
