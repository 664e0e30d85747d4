import { createResolver, type ResolverOptions } from '@hoptrace/core'

/** What is wrong with what was recorded of a service. */
export interface Recorded {
  /** Ids that should be there and are not. */
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly total: number
  /** What could not be read, null when everything could. */
  readonly unread: string | null
}

/** Compares a range over all time with the ids that should be in it. */
export async function recordedOf(
  service: string,
  ids: readonly string[],
  options: ResolverOptions,
): Promise<Recorded> {
  const resolver = createResolver(options)
  const times = new Map<string, number>()
  let unread: string | null = null
  try {
    for await (const { hopId } of resolver.range({ service, from: 0 })) {
      times.set(hopId, (times.get(hopId) ?? 0) + 1)
    }
  } catch (error) {
    unread = String(error)
  } finally {
    await resolver.close()
  }
  return {
    lost: ids.filter((id) => !times.has(id)),
    doubled: [...times].filter(([, count]) => count > 1).map(([id]) => id),
    total: times.size,
    unread,
  }
}
