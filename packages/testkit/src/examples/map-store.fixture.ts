import { HoptraceError, type Row, type Store } from '@hoptrace/core/store'

/** Rows in a Map. Latin-1 texts order as their bytes do, so they serve as keys. */
export function mapStore(name: string, rows = new Map<string, Row>()): Store {
  const text = (key: Uint8Array): string => Buffer.from(key).toString('latin1')
  const within = (from: Uint8Array, to: Uint8Array): string[] =>
    [...rows.keys()].filter((key) => key >= text(from) && key < text(to)).sort()
  let closed = false
  const checkOpen = (): void => {
    if (closed) throw new HoptraceError('HOPTRACE_STORE_CLOSED', `map:${name} is closed`)
  }
  return {
    url: `map:${name}`,
    supports: { durable: false, shared: false, ttl: false },
    async open() {
      checkOpen()
    },
    async put(batch) {
      checkOpen()
      for (const { key, value } of batch)
        rows.set(text(key), { key: Uint8Array.from(key), value: Uint8Array.from(value) })
    },
    async scan({ from, to, limit, signal }) {
      checkOpen()
      signal?.throwIfAborted()
      if (!Number.isInteger(limit) || limit < 1) throw new TypeError(`limit must be 1 or more: ${limit}`)
      return within(from, to)
        .slice(0, limit)
        .map((key) => rows.get(key) as Row)
    },
    async deleteRange(from, to) {
      checkOpen()
      for (const key of within(from, to)) rows.delete(key)
    },
    async close() {
      closed = true
    },
  }
}
