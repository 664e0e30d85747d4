import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { certificateReason } from '../../base/certificate.js'
import { HoptraceError } from '../../base/errors.js'
import { textOf } from '../../base/message.js'
import type { Row, ScanRange, Store } from '../contract.js'
import { nextKey } from '../keys.js'
import { checkRange } from '../scan-range.js'
import { GatewayClient, refusal, type GatewayResponse } from './rest-client.js'
import { decodeCellSet, encodeCellSet, encodeScanner, protobufType, rowOverhead } from './rest-messages.js'
import { lastOfEach } from '../last-of-each.js'
import { ShortOutage } from './short-outage.js'
import { family, qualifier, storeTimeouts, type TableNeeds } from './table-schema.js'

export interface RestStoreOptions extends TableNeeds {
  readonly transport: 'http' | 'https'
  /** `host:port` of gateways. */
  readonly hosts: readonly string[]
  /** Makes the table when it is missing; otherwise a missing table is a failed read. */
  readonly create: boolean
}

const column = Buffer.from(`${family}:${qualifier}`)
const maxPutBytes = 2 << 20
/** Rows of one answer: of the largest segments, 6 MB. */
const pageRows = 64
const maxResponseBytes = 32 << 20
/**
 * The maximum number of scanners for one page. A scanner is lost with its gateway, or when its region moves.
 */
const maxScanners = 5

/**
 * A table of HBase, through its REST gateway. An acknowledged put is in the region server's write-ahead log.
 */
export function restStore(options: RestStoreOptions): Store {
  return new RestStore(options)
}

class RestStore implements Store {
  readonly url: string
  readonly supports = { durable: true, shared: true, ttl: true }
  readonly #options: RestStoreOptions
  readonly #client: GatewayClient
  readonly #path: string
  readonly #closing = new AbortController()
  readonly #outage = new ShortOutage()
  #opening: Promise<void> | undefined
  /** Scanners that are being deleted at the gateway, which would keep them for ever. */
  readonly #deleting = new Set<Promise<unknown>>()

  constructor(options: RestStoreOptions) {
    const { transport, hosts, table } = options
    this.#options = options
    this.url = `hbase+${transport}://${hosts.join(',')}/${table}`
    this.#path = `/${encodeURIComponent(table).replace('%3A', ':')}`
    setMaxListeners(0, this.#closing.signal)
    this.#client = new GatewayClient(transport, hosts, maxResponseBytes)
  }

  async open(): Promise<void> {
    if (this.#closing.signal.aborted) throw this.#closedError()
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw this.#away(error)
    })
    await this.#opening
  }

  async put(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return
    // Copy the buffers before the first await, because the caller may reuse them.
    const bodies = batches(lastOfEach(rows)).map((batch) => encodeCellSet(batch, column))
    await this.open()
    try {
      const deadlineAt = performance.now() + storeTimeouts.putMillis
      for (const body of bodies) {
        const response = await this.#client.request({
          method: 'PUT',
          // The rows' keys are in the body; the path needs one that is not looked at.
          path: `${this.#path}/rows`,
          headers: { 'content-type': protobufType, accept: protobufType },
          body,
          deadlineAt,
          signal: this.#closing.signal,
        })
        if (response.status !== 200) throw refusal(response)
      }
    } catch (error) {
      this.#opening = undefined
      throw this.#failure(error)
    }
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    checkRange(range)
    range.signal?.throwIfAborted()
    this.#outage.check()
    await this.open()
    if (Buffer.compare(range.from, range.to) >= 0) return []
    const signal =
      range.signal === undefined
        ? this.#closing.signal
        : AbortSignal.any([range.signal, this.#closing.signal])
    const rows: Row[] = []
    const deadlineAt = performance.now() + storeTimeouts.readMillis
    try {
      let { from } = range
      for (let tries = 1; ; tries++) {
        const failure = await this.#read({ ...range, from }, rows, deadlineAt, signal)
        if (failure === undefined) break
        const pause = 25 * 2 ** tries
        if (tries >= maxScanners || performance.now() + pause >= deadlineAt) throw failure
        await sleep(pause, undefined, { signal })
        const last = rows.at(-1)
        if (last !== undefined) from = Buffer.concat([last.key, Buffer.alloc(1)])
      }
    } catch (error) {
      range.signal?.throwIfAborted()
      this.#opening = undefined
      throw this.#away(error)
    }
    this.#outage.over()
    return rows
  }

  /** Row by row, each by the value that was read: the path of a gateway cannot name a binary key, but a body can. */
  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    for (let start: Uint8Array | undefined = from; start !== undefined;) {
      const rows = await this.scan({ from: start, to, limit: pageRows })
      try {
        for (const row of rows) {
          const response = await this.#client.request({
            method: 'PUT',
            path: `${this.#path}/row?check=delete`,
            headers: { 'content-type': protobufType, accept: protobufType },
            body: encodeCellSet([row], column),
            deadlineAt: performance.now() + storeTimeouts.putMillis,
            signal: this.#closing.signal,
          })
          // 304: it was written again, and stays.
          if (response.status !== 200 && response.status !== 304) throw refusal(response)
        }
      } catch (error) {
        throw this.#failure(error)
      }
      const last = rows.at(-1)
      start = last === undefined || rows.length < pageRows ? undefined : nextKey(last.key)
    }
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    await this.#opening?.catch(() => undefined)
    await Promise.allSettled(this.#deleting)
    this.#closing.abort(this.#closedError())
    this.#client.close()
  }

  async #open(): Promise<void> {
    const { table, create, ttlSeconds } = this.#options
    const common = {
      headers: { accept: 'application/json' },
      deadlineAt: performance.now() + storeTimeouts.openMillis,
      signal: this.#closing.signal,
    }
    // Another server on this port may answer 200 to anything, and that must not count as an acknowledgement.
    const version = await this.#client.request({ method: 'GET', path: '/version/rest', ...common })
    if (version.status !== 200 || !isGateway(version)) {
      throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${version.at} is no REST gateway of HBase`)
    }
    const schema = `${this.#path}/schema`
    const known = await this.#client.request({ method: 'GET', path: schema, ...common })
    if (known.status === 200) return
    if (known.status !== 404) throw refusal(known)
    if (!create) throw new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `there is no table ${table}`)
    const made = await this.#client.request({
      ...common,
      method: 'PUT',
      path: schema,
      headers: { ...common.headers, 'content-type': 'application/json' },
      // The gateway cannot split a table from the start: it begins as one region, whatever its buckets.
      body: Buffer.from(
        JSON.stringify({
          name: table,
          ColumnSchema: [
            {
              name: family,
              VERSIONS: '1',
              BLOOMFILTER: 'NONE',
              ...(ttlSeconds === undefined ? {} : { TTL: String(ttlSeconds) }),
            },
          ],
        }),
      ),
    })
    // 304: another process was faster.
    if (made.status >= 400) throw refusal(made)
  }

  /**
   * Adds rows from one scanner until the range or the limit is reached. Returns why a new scanner is needed,
   * if one is.
   */
  async #read(
    { from, to, limit }: ScanRange,
    rows: Row[],
    deadlineAt: number,
    signal: AbortSignal,
  ): Promise<Error | undefined> {
    const batch = Math.min(limit - rows.length, pageRows)
    const scanner = await this.#scanner(encodeScanner({ from, to, column, batch }), deadlineAt, signal)
    try {
      for (;;) {
        const wanted = Math.min(limit - rows.length, batch)
        const { path, at } = scanner
        const response = await this.#client.request({
          method: 'GET',
          path: `${path}?n=${wanted}`,
          headers: { accept: protobufType },
          deadlineAt,
          signal,
          at,
        })
        if (response.status === 204) return undefined
        if (response.status !== 200) return refusal(response)
        const page = decodeCellSet(response.body, column)
        rows.push(...page)
        if (page.length < wanted || rows.length >= limit) return undefined
      }
    } catch (error) {
      signal.throwIfAborted()
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      this.#delete(scanner)
    }
  }

  async #scanner(
    body: Buffer,
    deadlineAt: number,
    signal: AbortSignal,
  ): Promise<{ readonly path: string; readonly at: string }> {
    signal.throwIfAborted()
    const headers = { 'content-type': protobufType, accept: protobufType }
    // Not ended by the caller's signal: what it makes is to be deleted, and its name is in the answer.
    const made = this.#client
      .request({ method: 'PUT', path: `${this.#path}/scanner`, headers, body, deadlineAt })
      .then((response) => {
        // Use only the path, so that an answer cannot redirect us to another server.
        const id = /\/scanner\/([\w-]{1,100})$/.exec(response.headers.location ?? '')?.[1]
        if (response.status !== 201 || id === undefined) throw refusal(response)
        return { path: `${this.#path}/scanner/${id}`, at: response.at }
      })
    let stop = (): void => undefined
    const aborted = new Promise<never>((_, reject) => {
      stop = () => {
        made.then(
          (scanner) => this.#delete(scanner),
          () => undefined,
        )
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', stop, { once: true })
    })
    try {
      return await Promise.race([made, aborted])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  #delete({ path, at }: { readonly path: string; readonly at: string }): void {
    const deadlineAt = performance.now() + storeTimeouts.readMillis
    const task = this.#client
      .request({ method: 'DELETE', path, deadlineAt, at })
      .catch(() => undefined)
      .finally(() => this.#deleting.delete(task))
    this.#deleting.add(task)
  }

  #away(error: unknown): Error {
    const failure = this.#failure(error)
    this.#outage.failed(failure)
    return failure
  }

  #failure(error: unknown): Error {
    if (this.#closing.signal.aborted) return this.#closedError()
    if (error instanceof TypeError) return error
    const reason = certificateReason(error) ?? textOf(error)
    const message = reason.startsWith(this.url) ? reason : `${this.url}: ${reason}`
    return new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', message, { cause: error })
  }

  #closedError(): HoptraceError {
    return new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
  }
}

function isGateway({ body }: GatewayResponse): boolean {
  try {
    const version: unknown = JSON.parse(body.toString('utf8'))
    return typeof version === 'object' && version !== null && 'REST' in version && 'Server' in version
  } catch {
    return false
  }
}

/** Requests of about two megabytes. */
function batches(rows: readonly Row[]): Row[][] {
  const all: Row[][] = []
  let size = Infinity
  for (const row of rows) {
    const bytes = row.key.length + row.value.length + column.length + rowOverhead
    if (size + bytes > maxPutBytes) {
      all.push([])
      size = 0
    }
    all.at(-1)?.push(row)
    size += bytes
  }
  return all
}
