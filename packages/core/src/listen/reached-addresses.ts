import { maxReached } from '../record/instance-row.js'

/** A name for each tenant must not have the log and the registry written for each request. */
const maxNewPerMinute = 128
const minuteMillis = 60_000

/** The foreign addresses under which a process is reached, the least recently met first. */
export class ReachedAddresses {
  private readonly places = new Set<string>()
  private newest: string | undefined
  private fresh = 0
  private minuteAt = Number.NEGATIVE_INFINITY

  /** True when it is new and has found a place. */
  add(place: string): boolean {
    if (place === this.newest) return false
    const known = this.places.delete(place)
    if (!known && !this.mayBeNew()) return false
    this.places.add(place)
    this.newest = place
    if (this.places.size > maxReached) this.places.delete(this.places.values().next().value as string)
    return !known
  }

  list(): readonly string[] {
    return [...this.places]
  }

  private mayBeNew(): boolean {
    const now = performance.now()
    if (now - this.minuteAt > minuteMillis) {
      this.minuteAt = now
      this.fresh = 0
    }
    return ++this.fresh <= maxNewPerMinute
  }
}

/**
 * `name:port` as a caller dialled it that had not resolved the name: the port is the one of its id, the name that of the `Host`
 * header. Undefined when the header names another port: it is not what the caller wrote.
 */
export function namedPlace(host: string | undefined, dialled: string): string | undefined {
  const match = /^([a-z0-9._-]{1,253})(?::(\d{1,5}))?$/.exec(host?.toLowerCase() ?? '')
  // On every host that name is another one.
  if (match === null || match[1] === 'localhost') return undefined
  const port = dialled.slice(dialled.indexOf(':') + 1)
  const named = match[2] ?? (port === '443' ? '443' : '80')
  return named === port ? `${match[1]}:${port}` : undefined
}
