import { HoptraceError } from '../base/errors.js'
import type { Row, ScanRange, Store } from './contract.js'
import type { KnownDriver } from './driver.js'
import { checkRange } from './scan-range.js'
import { lowerBound } from '../base/lower-bound.js'

/** Sorted rows that all memory stores of one name in this process share. */
interface Table {
  rows: Row[]
  openers: number
}

const tables = new Map<string, Table>()
let unnamed = 0

/**
 * Rows in this process's memory. Stores with the same name share their rows while one of them is open, so
 * that a resolver in the same process finds the rows of a service. For tests and trials: nothing survives the
 * process.
 * @param name @default a unique name
 */
export function memoryStore(name?: string): Store {
  return new MemoryStore(name ?? `unnamed-${++unnamed}`)
}

const form = /^memory:([\w.:-]{1,128})$/

/** `memory:NAME`, within one process. */
export const memoryDriver: KnownDriver = {
  options: ['kind', 'ttlSeconds', 'maxBytes'],
  buckets: 1,
  reach: () => 'process',
  isUrl: (url) => form.test(url),
  urlOf: (_spec, { service }) => `memory:${service}`,
  open: (url) => memoryStore(form.exec(url)?.[1]),
  registry: () => undefined,
}

class MemoryStore implements Store {
  readonly url: string
  readonly supports = { durable: false, shared: false, ttl: false }
  readonly #name: string
  #table: Table | undefined
  #closed = false

  constructor(name: string) {
    this.#name = name
    this.url = `memory:${name}`
  }

  async open(): Promise<void> {
    this.#rows()
  }

  async put(rows: readonly Row[]): Promise<void> {
    const table = this.#rows()
    const sorted = rows.map((row) => ({ key: Buffer.from(row.key), value: Buffer.from(row.value) }))
    // A later row replaces an earlier one of the same key: a stable sort keeps their order.
    sorted.sort((a, b) => Buffer.compare(a.key, b.key))
    table.rows = merge(table.rows, sorted)
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    checkRange(range)
    range.signal?.throwIfAborted()
    const { rows } = this.#rows()
    const from = lowerBound(rows, range.from)
    const to = Math.min(lowerBound(rows, range.to), from + range.limit)
    return rows.slice(from, to)
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    const table = this.#rows()
    const first = lowerBound(table.rows, from)
    table.rows.splice(first, Math.max(0, lowerBound(table.rows, to) - first))
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#table !== undefined && --this.#table.openers === 0) tables.delete(this.#name)
    this.#table = undefined
  }

  #rows(): Table {
    if (this.#closed) throw new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
    if (this.#table !== undefined) return this.#table
    let table = tables.get(this.#name)
    if (table === undefined) tables.set(this.#name, (table = { rows: [], openers: 0 }))
    table.openers++
    return (this.#table = table)
  }
}

/** Two sorted lists as one; of equal keys the last of `added` stays. */
function merge(rows: readonly Row[], added: readonly Row[]): Row[] {
  const merged: Row[] = []
  let at = 0
  for (const row of added) {
    const before = merged[merged.length - 1]
    if (before !== undefined && Buffer.compare(before.key, row.key) === 0) {
      merged[merged.length - 1] = row
      continue
    }
    while (at < rows.length && Buffer.compare((rows[at] as Row).key, row.key) < 0)
      merged.push(rows[at++] as Row)
    if (at < rows.length && Buffer.compare((rows[at] as Row).key, row.key) === 0) at++
    merged.push(row)
  }
  while (at < rows.length) merged.push(rows[at++] as Row)
  return merged
}
