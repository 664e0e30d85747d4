import type { Row, Store } from '@hoptrace/core/store'

/** A store, with the bytes of keys and values that were put into it and that scans returned. */
export type CountedStore = Store & { bytesPut: number; bytesRead: number }

/** Counts what goes into a store and what comes out of it. Both counts may be set back. */
export function counted(store: Store): CountedStore {
  return {
    url: store.url,
    supports: store.supports,
    bytesPut: 0,
    bytesRead: 0,
    open: () => store.open(),
    put(rows: readonly Row[]) {
      this.bytesPut += bytesOf(rows)
      return store.put(rows)
    },
    async scan(range) {
      const rows = await store.scan(range)
      this.bytesRead += bytesOf(rows)
      return rows
    },
    close: () => store.close(),
  }
}

function bytesOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
}
