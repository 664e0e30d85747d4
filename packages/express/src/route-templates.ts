/** What of a request the templates are made of. */
interface Located {
  /** The part of the path that mounts have taken, as it came. */
  readonly baseUrl: string
  readonly params: Readonly<Record<string, unknown>>
}

/** The template of the route that a request is in, put together while Express walks down its mounts. */
export class RouteTemplates {
  private readonly mounts: { readonly raw: string; readonly template: string }[] = []
  private route: string | undefined
  private inRoute = false

  /** Express enters what is mounted under `path`, if the version keeps that, and has taken its part of the path off. */
  enterMount(req: Located, path: unknown): void {
    if (this.inRoute || req.baseUrl === '') return
    const parent = this.mountAbove(req.baseUrl)
    const own = req.baseUrl.slice(parent.raw.length)
    const template = typeof path === 'string' ? withoutSlash(path) : withNames(own, req.params)
    this.mounts.push({ raw: req.baseUrl, template: parent.template + template })
  }

  /** Express enters a route. Its layers belong to it until it is left. */
  enterRoute(req: Located, path: string): void {
    this.inRoute = true
    const base = req.baseUrl === '' ? '' : (this.mountAt(req.baseUrl) ?? withNames(req.baseUrl, req.params))
    this.route = path === '/' && base !== '' ? base : base + path
  }

  /** The route passed the request on. */
  leaveRoute(): void {
    this.inRoute = false
  }

  /** The route entered last, or the mount that answers by itself; undefined when nothing matched. */
  current(baseUrl: string): string | undefined {
    return this.route ?? (baseUrl === '' ? undefined : this.mountAt(baseUrl))
  }

  private mountAt(raw: string): string | undefined {
    return this.mounts.findLast((mount) => mount.raw === raw)?.template
  }

  private mountAbove(raw: string): { raw: string; template: string } {
    for (let top = this.mounts.at(-1); top !== undefined; top = this.mounts.at(-1)) {
      if (raw.startsWith(`${top.raw}/`)) return top
      this.mounts.pop()
    }
    return { raw: '', template: '' }
  }
}

/** A route's path as text: a pattern as its source, alternatives one behind the other. */
export function joinPath(path: unknown): string {
  return Array.isArray(path) ? path.map(String).join('|') : String(path)
}

/**
 * Puts `:name` back for the values that a mount matched. Names are put back from the right, where parameters usually stand:
 * `/users/users` of `/users/:id` is `/users/:id`.
 */
export function withNames(path: string, params: Readonly<Record<string, unknown>>): string {
  const segments = path.split('/')
  for (const [name, value] of Object.entries(params).reverse()) {
    if (typeof value !== 'string' || value === '') continue
    const whole = segments.findLastIndex((segment) => decoded(segment) === value)
    const index =
      whole >= 0 ? whole : segments.findLastIndex((s) => !s.includes(':') && decoded(s).includes(value))
    const segment = segments[index]
    if (segment === undefined) continue
    segments[index] = whole >= 0 ? `:${name}` : decoded(segment).replace(value, () => `:${name}`)
  }
  return segments.join('/')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path)
