import { HoptraceError } from '../errors.js'
import type { InstanceRows, Registry } from '../store/instance-row.js'

/** A registry that has so long to be read: then it counts as away. */
export function patientRegistry(registry: Registry, millis: number): Registry {
  const patiently = async <T extends InstanceRows>(list: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const { name = 'the registry' } = registry
      const message = `${name} does not answer within ${Math.round(millis)} ms`
      timer = setTimeout(() => reject(new HoptraceError('HOPTRACE_STORE_UNAVAILABLE', message)), millis)
    })
    // Nobody may be left to hear that it failed.
    list.catch(() => undefined)
    try {
      return await Promise.race([list, late])
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    ...(registry.name === undefined ? {} : { name: registry.name }),
    list: () => patiently(registry.list()),
    ...(registry.listKnown === undefined
      ? {}
      : { listKnown: () => patiently(registry.listKnown?.() ?? registry.list()) }),
    put: (row) => registry.put(row),
    close: () => registry.close(),
  }
}
