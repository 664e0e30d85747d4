import type { Row, Store } from '@hoptrace/core/store'
import { onTestFinished } from 'vitest'
import type { StoreGround, StoreSubject } from './store-kit-subject.js'

/** Fresh ground. After the test, its stores are closed and it is removed. */
export async function freshGround(subject: StoreSubject): Promise<StoreGround> {
  const ground = await subject.create()
  const opened: Store[] = []
  onTestFinished(async () => {
    for (const store of opened) await store.close()
    await ground.remove()
  })
  return {
    ...ground,
    connect: () => {
      const store = ground.connect()
      opened.push(store)
      return store
    },
  }
}

/** An open store on fresh ground. */
export async function freshStore(subject: StoreSubject): Promise<Store> {
  const store = (await freshGround(subject)).connect()
  await store.open()
  return store
}

/** A row from short texts; `value` defaults to the key. */
export function row(key: string | Uint8Array, value: string | Uint8Array = key): Row {
  return { key: bytes(key), value: bytes(value) }
}

/** Bytes of a Latin-1 text, so that '\xff' is one byte. */
export function bytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text
}

/** Rows as `key=value` texts, which a failed comparison prints well. */
export function shown(rows: readonly Row[]): string[] {
  return rows.map(({ key, value }) => `${shownBytes(key)}=${shownBytes(value)}`)
}

/** Text where it is plain, and else hex: `x:00ff`. */
export function shownBytes(part: string | Uint8Array): string {
  const latin1 = Buffer.from(bytes(part)).toString('latin1')
  return /^(?!x:)[\x21-\x7e]*$/.test(latin1) ? latin1 : `x:${Buffer.from(latin1, 'latin1').toString('hex')}`
}

/** All rows of a range, page by page. */
export async function scanAll(store: Store, from: string, to: string, limit = 1000): Promise<Row[]> {
  const all: Row[] = []
  for (let start = bytes(from); ;) {
    const rows = await store.scan({ from: start, to: bytes(to), limit })
    all.push(...rows)
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return all
    start = Buffer.concat([last.key, Buffer.alloc(1)])
  }
}
