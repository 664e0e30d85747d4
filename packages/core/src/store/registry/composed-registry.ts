import { timing } from '../../base/timing.js'
import { orLate } from '../../base/deadline.js'
import { HoptraceError } from '../../base/errors.js'
import { textOf } from '../../base/message.js'
import { SingleFlight } from '../../base/single-flight.js'
import {
  runName,
  type EndedRuns,
  type InstanceRow,
  type Registry,
  type RegistryRows,
  type RowsByName,
} from '../../record/instance-row.js'
import { rowName, rowsOfNames } from '../../record/row-names.js'
import { CoalescedPuts } from './coalesced-puts.js'
import { isElsewhere } from './row-paths.js'

const rank = { running: 0, stopped: 1, dead: 2 } as const

/** Of a registry that is read as a whole, more rows than these are not searched for each hop of a question. */
const maxSearched = 1000

/** How long reading waits. */
export interface RegistryPatience {
  /** For registries that do not answer, when others have given rows. @default 2500 */
  readonly millis?: number
  /** When none has given a row. @default 10000 */
  readonly emptyMillis?: number
}

/**
 * Several registries as one. A row is written to all of them at the same time; of two versions of a row, the later one (by heartbeat)
 * counts. They are read at the same time too: `list` never rejects, and `unread` says which of them could not be read, or did not
 * answer in time. The next `list` takes the answer of one that was slow.
 */
export function composedRegistry(registries: readonly Registry[], patience: RegistryPatience = {}): Registry {
  return new ComposedRegistry(
    registries.map((registry) => new Part(registry)),
    patience,
  )
}

/** A registry has not taken a row in time: it may still do. */
export class RegistryLate extends HoptraceError {
  constructor(name: string) {
    super('HOPTRACE_STORE_UNAVAILABLE', `${name} does not answer yet`)
  }
}

class ComposedRegistry implements Registry {
  constructor(
    private readonly parts: readonly Part[],
    private readonly patience: RegistryPatience,
  ) {}

  async list(): Promise<RegistryRows> {
    const answers = await this.answers()
    const unread = this.parts.flatMap(
      (part) => answers.get(part)?.unread ?? [`${part.name} does not answer yet`],
    )
    // In the order of the parts.
    return { rows: merged(this.parts.map((part) => answers.get(part)?.rows ?? [])), unread }
  }

  /** One that does not answer in time leaves the question to `list`, which says so. */
  get byName(): RowsByName | undefined {
    const { parts } = this
    const { millis = timing.registryMillis } = this.patience
    if (parts.every(({ registry }) => registry.byName === undefined)) return undefined
    const inTime = async <T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> =>
      (await orLate(Promise.all(tasks), millis).catch(() => undefined))?.value ?? []
    return {
      isLarge: async () => {
        const answers = await inTime(
          parts.map(({ registry }) => registry.byName?.isLarge() ?? Promise.resolve(false)),
        )
        return answers.includes(true)
      },
      rowsOf: async (names) => {
        const first = await inTime(parts.map((part) => part.rowsOf(names)))
        const services = new Set(first.flatMap((rows) => rows?.map(({ service }) => service) ?? []))
        // One may know a service by a name that another does not know.
        const more = await inTime(
          parts.map(async (part, index) => {
            const has = new Set(first[index]?.map(({ service }) => service))
            const missing = [...services].filter((service) => !has.has(service))
            return missing.length === 0 ? [] : part.rowsOf(missing.map(rowName.service))
          }),
        )
        const lists = [...first, ...more].filter((rows) => rows !== undefined)
        return lists.length === 2 * parts.length ? merged(lists) : undefined
      },
    }
  }

  async put(row: InstanceRow): Promise<void> {
    await all(this.parts.map((part) => part.put(row)))
  }

  async removeEnded(ended: EndedRuns): Promise<number> {
    let removed = 0
    const failures: unknown[] = []
    for (const { registry } of this.parts) {
      try {
        removed += (await registry.removeEnded?.(ended)) ?? 0
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
    return removed
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.parts.map((part) => part.settled()))
    await all(this.parts.map(({ registry }) => registry.close()))
  }

  /** The answers that come in time. */
  private async answers(): Promise<ReadonlyMap<Part, RegistryRows>> {
    const { millis = timing.registryMillis, emptyMillis = timing.emptyRegistryMillis } = this.patience
    const answers = new Map<Part, RegistryRows>()
    await new Promise<void>((resolve) => {
      let some: NodeJS.Timeout | undefined
      const done = (): void => {
        clearTimeout(some)
        clearTimeout(none)
        resolve()
      }
      const none = setTimeout(done, emptyMillis)
      let left = this.parts.length
      if (left === 0) done()
      for (const part of this.parts) {
        void part.list().then((answer) => {
          answers.set(part, answer)
          if (--left === 0) done()
          else if (answer.rows.length > 0) some ??= setTimeout(done, Math.min(millis, emptyMillis))
        })
      }
    })
    return answers
  }
}

/** One of several registries: it is read once at a time, and written without a queue. */
class Part {
  private readonly puts: CoalescedPuts
  private readonly reading = new SingleFlight(() => this.read())

  constructor(readonly registry: Registry) {
    this.puts = new CoalescedPuts(registry)
  }

  get name(): string {
    return this.registry.name ?? 'a registry'
  }

  /** Never rejects. */
  list(): Promise<RegistryRows> {
    return this.reading.run()
  }

  async rowsOf(names: readonly string[]): Promise<readonly InstanceRow[] | undefined> {
    const { byName } = this.registry
    if (byName !== undefined) return byName.rowsOf(names)
    const { rows, unread } = await this.list()
    if (unread.length > 0 || rows.length > maxSearched) return undefined
    return rowsOfNames(rows, names)
  }

  put(row: InstanceRow): Promise<void> {
    return this.inTime(this.puts.put(row))
  }

  /** Resolves when no put is pending. */
  settled(): Promise<void> {
    return this.inTime(this.puts.settled())
  }

  private read(): Promise<RegistryRows> {
    return this.registry.list().catch((error: unknown) => ({ rows: [], unread: [textOf(error)] }))
  }

  private async inTime(task: Promise<void>): Promise<void> {
    if ((await orLate(task, timing.putRowMillis)) === undefined) throw new RegistryLate(this.name)
  }
}

function merged(lists: readonly (readonly InstanceRow[])[]): InstanceRow[] {
  const rows = new Map<string, InstanceRow>()
  for (const list of lists) {
    for (const row of list) {
      const key = runName(row)
      const known = rows.get(key)
      if (known === undefined) rows.set(key, row)
      else rows.set(key, isLater(row, known) ? located(row, known) : located(known, row))
    }
  }
  return [...rows.values()]
}

/** The later one, with the stores of the earlier one where only that one's data directory is here. */
function located(later: InstanceRow, earlier: InstanceRow): InstanceRow {
  if (!later.stores.some(isElsewhere) || earlier.stores.some(isElsewhere)) return later
  const elsewhere = later.stores.filter((url) => !isElsewhere(url) && !earlier.stores.includes(url))
  return { ...later, stores: [...earlier.stores, ...elsewhere] }
}

function isLater(a: InstanceRow, b: InstanceRow): boolean {
  if (a.heartbeatMillis !== b.heartbeatMillis) return a.heartbeatMillis > b.heartbeatMillis
  if (a.shippedThroughNanos !== b.shippedThroughNanos) return a.shippedThroughNanos > b.shippedThroughNanos
  return rank[a.state] > rank[b.state]
}

/** Waits for all, then fails with the first failure. */
async function all(tasks: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) if (result.status === 'rejected') throw result.reason
}
