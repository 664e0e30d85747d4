import { timing } from '../base/timing.js'
import type { AskersKeys } from '../key/index.js'
import type { Registry, RegistryRows } from '../record/instance-row.js'
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
    put: (row) => composed.put(row),
    close: () => composed.close(),
  }
}
