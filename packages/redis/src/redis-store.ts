import { setTimeout as sleep } from 'node:timers/promises'
import { HoptraceError, type Row, type ScanRange, type Store, type StoreLogin } from '@hoptrace/core/store'
import { certificateReason, checkRange, lastOfEach, orAborted } from '@hoptrace/core/store'
import { Connection, isAnswer } from './connection.js'
import type { RedisLocation } from './location.js'
import { afterMember, encodeKey, rowsOf } from './members.js'
import { cleanScript, deleteScript, makeScript, openScript, putScript, scanScript } from './scripts.js'
import { checkServer } from './server-check.js'

const openMillis = 5000
const readMillis = 5000
const putMillis = 15_000
const maxPauseMillis = 1000
/** A server runs nothing else while it runs a script. */
const maxScanBytes = 4 << 20
const maxPutBytes = 1 << 20
const maxPutRows = 1000
const deletePage = 1000

/** What a server answers while it starts, or is busy: it may take the same a moment later. */
const passing = /^(?:LOADING|BUSY|TRYAGAIN|MASTERDOWN) /

const reasons: Readonly<Record<string, string>> = {
  missing: 'there is no such store (its service makes it), or Redis or another program removed it',
  foreign: 'its key belongs to another program',
}

/** Rows in a sorted set of Redis, see `members.ts`. */
export class RedisStore implements Store {
  readonly url: string
  readonly supports = { durable: true, shared: true, ttl: false }
  readonly #location: RedisLocation
  readonly #make: boolean
  readonly #connection: Connection
  #opening: Promise<void> | undefined
  #closed = false

  constructor(location: RedisLocation, make: boolean, login: StoreLogin | undefined) {
    this.url = location.url
    this.#location = location
    this.#make = make
    this.#connection = new Connection(location, login, (ask) => checkServer(location.url, ask, make))
  }

  async open(): Promise<void> {
    if (this.#closed) throw this.#closedError()
    this.#opening ??= this.#prepare().catch((error: unknown) => {
      // The next call tries again.
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async put(rows: readonly Row[]): Promise<void> {
    await this.open()
    for (const part of partsOf(lastOfEach(rows))) {
      const keys = part.map(({ key }) => encodeKey(key))
      const values = part.flatMap(({ value }, i) => [keys[i] as Buffer, asBuffer(value)])
      const old = await this.#run(putScript, values, putMillis, true)
      if (old !== 0) await this.#run(cleanScript, keys, putMillis, true)
    }
  }

  async scan(range: ScanRange): Promise<readonly Row[]> {
    checkRange(range)
    const { from, to, limit, signal } = range
    const rows: Row[] = []
    let start: Buffer | undefined = encodeKey(from)
    while (start !== undefined && rows.length < limit) {
      signal?.throwIfAborted()
      const page: Page = await orAborted(this.#page(start, encodeKey(to), limit - rows.length), signal)
      for (const row of rowsOf(page.members)) {
        // A put was under way, and the page before ended with the version that it replaced.
        if (rows.length > 0 && Buffer.compare((rows.at(-1) as Row).key, row.key) === 0) rows.pop()
        rows.push(row)
      }
      start = page.more ? afterMember(page.members.at(-1)) : undefined
    }
    return rows
  }

  async deleteRange(from: Uint8Array, to: Uint8Array): Promise<void> {
    await this.open()
    const range = [encodeKey(from), encodeKey(to), `${deletePage}`]
    while ((await this.#run(deleteScript, range, putMillis, true)) === deletePage);
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#connection.close()
  }

  async #page(from: Buffer, to: Buffer, limit: number): Promise<Page> {
    await this.open()
    const range = [from, to, `${limit}`, `${maxScanBytes}`]
    const [more, members] = (await this.#run(scanScript, range, readMillis, false)) as [number, Buffer[]]
    return { members, more: more === 1 }
  }

  async #prepare(): Promise<void> {
    if (this.#make) await this.#run(makeScript, [], openMillis, false)
    await this.#run(openScript, [], openMillis, false)
  }

  /** Runs a script. Everything that a store asks may be asked twice. A read waits for no server that is away. */
  async #run(
    script: string,
    values: readonly (string | Buffer)[],
    millis: number,
    patient: boolean,
  ): Promise<unknown> {
    const command = ['EVAL', script, '1', this.#location.key, ...values]
    const until = performance.now() + millis
    for (let pause = 10; ; pause = Math.min(pause * 2, maxPauseMillis)) {
      if (this.#closed) throw this.#closedError()
      const reused = this.#connection.isOpen
      try {
        return await this.#connection.send(command, Math.max(1, until - performance.now()))
      } catch (error) {
        if (this.#closed) throw this.#closedError()
        if (certificateReason(error) !== undefined) throw this.#failure(error)
        const maybe = isAnswer(error) ? passing.test(error.message) : !(error instanceof HoptraceError)
        // An open connection may have been dead before.
        const again = maybe && (patient || reused) && performance.now() + pause < until
        if (!again) throw this.#failure(error)
      }
      await sleep(pause)
    }
  }

  #failure(error: unknown): HoptraceError {
    if (error instanceof HoptraceError) return error
    const told = error instanceof Error ? error.message || codeOf(error) : String(error)
    const message = certificateReason(error) ?? told
    const what = isAnswer(error) ? /\bHOPTRACE (\w+)/.exec(message)?.[1] : undefined
    // It is made again by the next call, if its service makes it.
    if (what === 'missing') this.#opening = undefined
    const reason = what === undefined ? message : (reasons[what] ?? message)
    return new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', `${this.url}: ${reason}`, { cause: error })
  }

  #closedError(): HoptraceError {
    return new HoptraceError('HOPTRACE_STORE_CLOSED', `${this.url} is closed`)
  }
}

interface Page {
  readonly members: readonly Buffer[]
  /** Whether the range may hold more. */
  readonly more: boolean
}

/** Rows by what one script takes at a time. */
function partsOf(rows: readonly Row[]): Row[][] {
  const parts: Row[][] = []
  let bytes = Infinity
  for (const row of rows) {
    const part = parts.at(-1)
    bytes += row.key.length + row.value.length
    if (part !== undefined && bytes <= maxPutBytes && part.length < maxPutRows) part.push(row)
    else {
      parts.push([row])
      bytes = row.key.length + row.value.length
    }
  }
  return parts
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : 'no answer'
}
