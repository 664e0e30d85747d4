import { timing } from '../base/timing.js'
import type { AskersKeys } from '../key/index.js'
import type { InstanceRow, Registry, RegistryRows, RowsByName } from '../record/instance-row.js'
import { withDeletions } from '../record/kept.js'
import { rowName } from '../record/row-names.js'
import { composedRegistry } from '../store/registry/composed-registry.js'
import { LoggedRuns } from './sources/logged-runs.js'

export interface KnownInstancesOptions {
  readonly registries: readonly Registry[]
  /** Runs whose logs lie there are instances too, also before they are registered. */
  readonly dataDir: string
  /** Under which the headers of those logs have to be signed. */
  readonly keys: AskersKeys
  /** For one question. Registries that are away leave time for what the others know. */
  readonly deadlineMillis: number
  readonly warn: (message: string) => void
}

/** What a process that asks knows of instances: the rows of all registries, and runs that only their logs tell of. It writes nothing. */
export function knownInstances(options: KnownInstancesOptions): Registry {
  const { registries, dataDir, keys, deadlineMillis, warn } = options
  const composed = composedRegistry(registries, {
    millis: Math.min(timing.registryMillis, deadlineMillis / 4),
    emptyMillis: deadlineMillis / 2,
  })
  const logged = new LoggedRuns(dataDir, keys)
  let told = 0
  /** Once for as long as it is so. Where nothing can be read, the error says so. */
  const tell = ({ rows, unread }: RegistryRows): void => {
    const count = rows.length === 0 ? 0 : unread.length
    // The same failure may be worded in another way the next time.
    if (count > told) for (const what of unread) warn(`not every instance is known: ${what}`)
    told = count
  }
  return {
    list: async () => {
      const known = await logged.beside(() => composed.list())
      tell(known)
      return known
    },
    ...(composed.byName === undefined ? {} : { byName: withLogged(composed.byName, logged) }),
    put: (row) => composed.put(row),
    close: () => composed.close(),
  }
}

/**
 * The same with the runs of the data directory: those of all its services are always among them, because only then is it known which of
 * its logs are of runs that are not registered.
 */
function withLogged(registered: RowsByName, logged: LoggedRuns): RowsByName {
  const readHere = async (): Promise<readonly InstanceRow[] | undefined> => {
    const names = [...(await logged.services())].map(rowName.service)
    const { rows, unread } = await logged.beside(async () => {
      const found = await registered.rowsOf(names)
      return found === undefined ? { rows: [], unread: ['not all of it'] } : { rows: found, unread: [] }
    })
    return unread.length === 0 ? rows : undefined
  }
  let here: { readonly at: number; readonly rows: ReturnType<typeof readHere> } | undefined
  return {
    isLarge: () => registered.isLarge(),
    rowsOf: async (names) => {
      const now = performance.now()
      if (here === undefined || here.at < now - timing.rowsMillis) here = { at: now, rows: readHere() }
      const [local, found] = await Promise.all([here.rows, registered.rowsOf(names)])
      if (local === undefined || found === undefined) return undefined
      const services = new Set(local.map(({ service }) => service))
      return withDeletions([...local, ...found.filter(({ service }) => !services.has(service))])
    },
  }
}
