import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Put, Table } from './index.js'

/** The row key of number `n`. */
export const key = (n: number) => String(n).padStart(6, '0')
/** The cell of number `n`: recognisable, and so large that a batch is more than one packet. */
export const put = (n: number): Put => ({
  row: key(n),
  family: 'f',
  qualifier: 'q',
  value: `value ${n}`.padEnd(700, '.'),
})

/** Writes batch after batch until `stop`, and collects the acknowledged rows. */
export function startWriting(table: Table, writers = 4, batchSize = 25) {
  const acknowledged: number[] = []
  let next = 0
  let stopped = false
  const write = async () => {
    while (!stopped) {
      const batch = Array.from({ length: batchSize }, () => next++)
      await table.put(batch.map(put), { timeoutMillis: 90_000 })
      acknowledged.push(...batch)
    }
  }
  const done = Promise.all(Array.from({ length: writers }, write))
  done.catch(() => undefined)
  const reached = async (count: number) => {
    while (acknowledged.length < count) await Promise.race([sleep(5), done])
  }
  const stop = async () => {
    stopped = true
    await done
  }
  return { acknowledged, reached, stop }
}

/** Reads the whole table: every acknowledged row must be there, with its value. */
export async function expectAll(table: Table, acknowledged: readonly number[]): Promise<void> {
  const found = new Map<string, string>()
  for await (const row of table.scan()) found.set(row.row.toString(), row.value('f', 'q')?.toString() ?? '')
  const missing = acknowledged.filter((n) => found.get(key(n)) !== put(n).value)
  expect(missing).toEqual([])
}
