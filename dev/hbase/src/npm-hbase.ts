import { createRequire } from 'node:module'
import { promisify } from 'node:util'

type Answer<T> = (error: Error | null, value: T) => void

/** What is used of the package, which has no types. */
interface Row {
  get(column: string, answer: Answer<readonly { readonly $: string }[] | null>): void
  put(column: string, value: string, answer: Answer<unknown>): void
}

type Connect = (options: { readonly host: string; readonly port: number; readonly encoding: string }) => {
  table(name: string): { row(key: string): Row }
}

const require = createRequire(import.meta.url)
const hbase = require('hbase') as Connect

/**
 * HBase through the npm package `hbase`, which speaks JSON to the REST gateway: a client that nobody here wrote. Its keys
 * are text, so a table needs printable keys.
 */
export interface NpmHBase {
  /** The value of a row's cell; undefined when there is none. `column`: `family:qualifier`. */
  get(table: string, key: string, column: string): Promise<Buffer | undefined>
  put(table: string, key: string, column: string, value: Buffer): Promise<void>
}

/** @param restUrl of the gateway */
export function npmHBase(restUrl: string): NpmHBase {
  const { hostname, port } = new URL(restUrl)
  // Each character is a byte.
  const encoding = 'latin1'
  const client = hbase({ host: hostname, port: Number(port), encoding })
  return {
    async get(table, key, column) {
      const row = client.table(table).row(key)
      try {
        const cells = await promisify(row.get.bind(row))(column)
        const cell = cells?.[0]
        return cell && Buffer.from(cell.$, encoding)
      } catch (error) {
        if ((error as { code?: unknown }).code === 404) return undefined
        throw error
      }
    },
    async put(table, key, column, value) {
      const row = client.table(table).row(key)
      await promisify(row.put.bind(row))(column, value.toString(encoding))
    },
  }
}
