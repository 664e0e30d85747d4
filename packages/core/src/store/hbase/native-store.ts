import type { HBaseClient, Table } from '@hoptrace/hbase-client'
import { certificateReason } from '../../base/certificate.js'
import { HoptraceError } from '../../base/errors.js'
import { textOf } from '../../base/message.js'
import type { Row, ScanRange, Store } from '../contract.js'
import { nextKey } from '../keys.js'
import { checkRange } from '../scan-range.js'
import { useClient } from './shared-client.js'
import { lastOfEach } from '../last-of-each.js'
import { ShortOutage } from './short-outage.js'
import { family, qualifier, splitKeys, storeTimeouts, type TableNeeds } from './table-schema.js'

export interface NativeStoreOptions extends TableNeeds {
  /** `host:port` of masters or region servers. */
  readonly hosts: readonly string[]
  /** Whether connections use TLS. */
  readonly tls: boolean
  /** Whether this process and the servers authenticate by Kerberos. */
  readonly kerberos: boolean
  /** Makes the table when it is missing; otherwise a missing table is a failed read. */
  readonly create: boolean
}

const maxPageBytes = 8 << 20
/** Rows that are deleted at once. */
const deletePage = 256

/** A table of HBase over its own RPC. An acknowledged put is in the region server's write-ahead log. */
export function nativeStore(options: NativeStoreOptions): Store {
  return new NativeStore(options)
}

class NativeStore implements Store {
  readonly url: string
  readonly supports = { durable: true, shared: true, ttl: true }
  readonly #options: NativeStoreOptions
  readonly #shared: ReturnType<typeof useClient>
  #opening: Promise<Table> | undefined
  #closed = false
  readonly #outage = new ShortOutage()

  constructor(options: NativeStoreOptions) {
    this.#options = options
    const servers = options.hosts.join(',')
    const { tls, kerberos } = options
    this.url = `hbase${tls ? '+tls' : ''}${kerberos ? '+kerberos' : ''}://${servers}/${options.table}`
    this.#shared = useClient({ servers, tls, kerberos })
  }

  async open(): Promise<void> {
    await this.#table()
  }

  async put(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    const table = await this.#table()
    try {
      await table.put(
        lastOfEach(rows).map(({ key, value }) => ({ row: key, family, qualifier, value })),
        { timeoutMillis: storeTimeouts.putMillis },
      )
    } catch (error) {
      throw this.#failure(error)
    }
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    checkRange(range)
    const { to, limit, signal } = range
    signal?.throwIfAborted()
    this.#outage.check()
    const table = await this.#table()
    const rows: Row[] = []
    try {
      for (let from: Uint8Array | undefined = range.from; from !== undefined && rows.length < limit;) {
        const page = await table.scanPage({
          from,
          to,
          limit: limit - rows.length,
          maxBytes: maxPageBytes,
          timeoutMillis: storeTimeouts.readMillis,
          ...(signal === undefined ? {} : { signal }),
        })
        for (const row of page.rows) {
          const value = row.value(family, qualifier)
          if (value !== undefined) rows.push({ key: row.row, value })
        }
        from = page.next
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#away(error)
    }
    this.#outage.over()
    return rows
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    for (let start: Uint8Array | undefined = from; start !== undefined;) {
      const rows = await this.scan({ from: start, to, limit: deletePage })
      if (rows.length > 0) {
        const table = await this.#table()
        await table
          .delete(
            rows.map(({ key }) => ({ row: key, family })),
            { timeoutMillis: storeTimeouts.putMillis },
          )
          .catch((error: unknown) => {
            throw this.#failure(error)
          })
      }
      const last = rows.at(-1)
      start = last === undefined || rows.length < deletePage ? undefined : nextKey(last.key)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    await this.#shared.release()
  }

  #table(): Promise<Table> {
    if (this.#closed) return Promise.reject(this.#closedError())
    this.#opening ??= this.#open().catch((error: unknown) => {
      // The next call tries again.
      this.#opening = undefined
      throw this.#away(error)
    })
    return this.#opening
  }

  async #open(): Promise<Table> {
    const client = await this.#shared.client
    if (this.#options.create) await this.#create(client)
    return client.table(this.#options.table)
  }

  async #create({ admin }: HBaseClient): Promise<void> {
    const { table, buckets, ttlSeconds } = this.#options
    if (await admin.tableExists(table, { timeoutMillis: storeTimeouts.openMillis })) return
    try {
      await admin.createTable({
        name: table,
        families: [
          {
            name: family,
            versions: 1,
            // Reads are scans, and values are compressed already.
            bloomFilter: 'NONE',
            ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
          },
        ],
        splitKeys: splitKeys(buckets),
      })
    } catch (error) {
      if (codeOf(error) !== 'TABLE_EXISTS') throw error
    }
  }

  #away(error: unknown): Error {
    const failure = this.#failure(error)
    this.#outage.failed(failure)
    return failure
  }

  #failure(error: unknown): Error {
    if (error instanceof HoptraceError || error instanceof TypeError) return error
    if (this.#closed) return this.#closedError()
    // The table was dropped while we used it. The next call makes it again, if this service makes its table.
    if (codeOf(error) === 'TABLE_NOT_FOUND') this.#opening = undefined
    const reason = certificateReason(error) ?? kerberosReason(error) ?? textOf(error)
    return new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${this.url}: ${reason}`, { cause: error })
  }

  #closedError(): HoptraceError {
    return new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as { code?: unknown }).code : undefined
}

/** What to write in a URL, where the client only names its option. */
function kerberosReason(error: unknown): string | undefined {
  const text = textOf(error)
  if (!text.includes('the server demands Kerberos')) return undefined
  return `${text}: begin the URL with hbase+kerberos:// or hbase+tls+kerberos://`
}
