import { runName, type InstanceRow, type RegistryRows, type RowsByName } from '../../record/instance-row.js'
import { rowNames, serviceInName } from '../../record/row-names.js'
import { writeChecked } from '../checked-value.js'
import type { Store } from '../contract.js'
import {
  instanceNameKeys,
  instanceNameRange,
  instanceRange,
  nextKey,
  readNamedService,
  serviceHash,
  serviceRange,
} from '../keys.js'

/** A registry with more rows than this is large: reading all of it would take most of the time of a question. */
const largeRows = 1000
/** More services or rows than these are not read by name: from there on, reading everything costs little more. */
const maxServices = 64
const maxRows = 2000
/** Rows of a name that are read at a time. */
const page = 64
/** So long a registry counts as small without another look. */
const smallMillis = 60_000
/** Names are written again after this time. */
const againMillis = 60_000
/** The most runs of which a writer remembers what names it has written. */
const maxRemembered = 1000

/** A range of keys. */
export interface KeyRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
}

const noValue = writeChecked(Buffer.alloc(0))

/** The rows of a registry in a store, by the rows of names that `WrittenNames` puts beside them. */
export class NamedRows implements RowsByName {
  private large: Promise<boolean> | undefined
  private askedAt = 0

  /** `list` reads the rows of a range. */
  constructor(
    private readonly store: Store,
    private readonly list: (range: KeyRange) => Promise<RegistryRows>,
  ) {}

  isLarge(): Promise<boolean> {
    const now = performance.now()
    // A large one stays so for as long as a process asks it. A small one may grow.
    if (this.large === undefined || now > this.askedAt + smallMillis) {
      this.askedAt = now
      this.large = this.hasMany()
    }
    return this.large
  }

  private async hasMany(): Promise<boolean> {
    try {
      const rows = await this.store.scan({ ...instanceRange(), limit: largeRows + 1 })
      if (rows.length > largeRows) this.askedAt = Infinity
      return rows.length > largeRows
    } catch (error) {
      this.large = undefined
      throw error
    }
  }

  async rowsOf(names: readonly string[]): Promise<readonly InstanceRow[] | undefined> {
    const services = new Map<string, Buffer>()
    const found = await Promise.all(names.map((name) => this.servicesOf(name)))
    for (const service of found.flat()) services.set(service.toString('hex'), service)
    if (services.size > maxServices) return undefined
    const read = await Promise.all([...services.values()].map((service) => this.ofService(service)))
    const rows: InstanceRow[] = []
    for (const ofService of read) {
      if (ofService === undefined) return undefined
      rows.push(...ofService)
    }
    return rows.length > maxRows ? undefined : rows
  }

  /** The hashes of the services that a name leads to; more than `maxServices` when there are more. */
  private async servicesOf(name: string): Promise<readonly Buffer[]> {
    const direct = serviceInName(name)
    if (direct !== undefined) return [serviceHash(direct)]
    const found = new Map<string, Buffer>()
    let last: Buffer | undefined
    while (found.size <= maxServices) {
      const rows = await this.store.scan({ ...instanceNameRange(name, last), limit: page })
      for (const { key } of rows) {
        last = readNamedService(key)
        found.set(last.toString('hex'), last)
      }
      // A name that many runs of one service have is passed over after one page of them.
      if (rows.length < page) break
    }
    return [...found.values()]
  }

  private async ofService(service: Buffer): Promise<readonly InstanceRow[] | undefined> {
    const { rows, unread } = await this.list(serviceRange(service))
    return unread.length > 0 ? undefined : rows
  }
}

/** Writes the names that lead to rows. */
export class WrittenNames {
  private readonly written = new Map<string, { readonly names: ReadonlySet<string>; readonly at: number }>()

  constructor(private readonly store: Store) {}

  /**
   * Puts a row by `put`: its names before it, so that they lead to it as soon as it is there. Names that it no longer has go after
   * it. What is written already is written again after a minute: a table may have been wiped meanwhile, or a row removed of a run that
   * could not reach the registry for a day.
   */
  async around(row: InstanceRow, put: () => Promise<void>): Promise<void> {
    const run = runName(row)
    const now = performance.now()
    const before = this.written.get(run)
    const isRecent = before !== undefined && before.at > now - againMillis
    const names = rowNames(row)
    const added = isRecent ? [...names].filter((name) => !before.names.has(name)) : [...names]
    if (added.length > 0)
      await this.store.put(instanceNameKeys(added, row).map((key) => ({ key, value: noValue })))
    await put()
    if (this.written.size >= maxRemembered) this.written.clear()
    this.written.set(run, { names, at: isRecent ? before.at : now })
    const old = [...(before?.names ?? [])].filter((name) => !names.has(name))
    await removeNames(this.store, row, old)
  }
}

/** Removes names of a run, by default all that its row has. */
export async function removeNames(
  store: Store,
  run: InstanceRow,
  names: Iterable<string> = rowNames(run),
): Promise<void> {
  const keys = instanceNameKeys(names, run)
  await Promise.all(keys.map(async (key) => store.deleteRange?.(key, nextKey(key))))
}
