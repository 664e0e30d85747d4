import { readChecked, writeChecked } from '../checked-value.js'
import type { Store } from '../contract.js'
import type { InstanceRow, Registry } from '../instance-row.js'
import { HoptraceError } from '../../errors.js'
import { instanceRange, instanceRowKey, nextKey } from '../keys.js'
import { rowFromJson, rowToJson } from './check-row.js'

/** A registry in a store; `skipped` counts rows of the last `list` that are damaged or none. */
export interface StoreRegistry extends Registry {
  readonly skipped: number
}

const page = 256

/** One row for each instance run in a store that all services see. Closing it leaves the store open: it belongs to the caller. */
export function storeRegistry(store: Store): StoreRegistry {
  let skipped = 0
  return {
    get name() {
      return store.url
    },
    get skipped() {
      return skipped
    },

    async list() {
      const found: InstanceRow[] = []
      let bad = 0
      const range = instanceRange()
      for (let from = range.from; ;) {
        const rows = await store.scan({ from, to: range.to, limit: page })
        for (const { key, value } of rows) {
          const row = readRow(value)
          if (row !== undefined && instanceRowKey(row).equals(key)) found.push(row)
          else bad++
        }
        const last = rows.at(-1)
        if (last === undefined || rows.length < page) break
        from = nextKey(last.key)
      }
      skipped = bad
      return found
    },

    async put(row) {
      const text = rowToJson(row)
      if (rowFromJson(text) === undefined) throw new TypeError(`not an instance row: ${text.slice(0, 500)}`)
      await store.put([{ key: instanceRowKey(row), value: writeChecked(Buffer.from(text, 'utf8')) }])
    },

    async close() {},
  }
}

function readRow(value: Uint8Array): InstanceRow | undefined {
  try {
    return readChecked(value, (body) => rowFromJson(body.toString('utf8')))
  } catch (error) {
    if (error instanceof HoptraceError) return undefined
    throw error
  }
}
