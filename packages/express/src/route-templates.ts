import { mountPattern, type MountedLayer } from './mount-pattern.js'

/** The template of the route that a request is in, put together while Express walks down its mounts. */
export class RouteTemplates {
  /** `raw`: the part of the path that the mounts have taken, as it came. `template`: undefined where it is not known. */
  private readonly mounts: { readonly raw: string; readonly template: string | undefined }[] = []
  private route: string | undefined
  private inRoute = false

  /** Express enters what a layer has mounted, and has taken its part of the path off. */
  enterMount(baseUrl: string, layer: MountedLayer): void {
    if (this.inRoute || baseUrl === '') return
    const above = this.mountAbove(baseUrl)
    const own = mountPattern(layer)
    const template = above === undefined || own === undefined ? undefined : above + own
    this.mounts.push({ raw: baseUrl, template })
  }

  /** Express enters a route. Its layers belong to it until it is left. */
  enterRoute(baseUrl: string, path: unknown): void {
    this.inRoute = true
    const base = baseUrl === '' ? '' : this.mountAt(baseUrl)
    const own = Array.isArray(path) ? path.map(String).join('|') : String(path)
    this.route = base === undefined ? undefined : own === '/' && base !== '' ? base : base + own
  }

  /** The route passed the request on. */
  leaveRoute(): void {
    this.inRoute = false
  }

  /** The route entered last, or the mount that answers by itself; undefined when nothing matched, or nobody knows the pattern. */
  current(baseUrl: string): string | undefined {
    return this.route ?? (baseUrl === '' ? undefined : this.mountAt(baseUrl))
  }

  private mountAt(raw: string): string | undefined {
    return this.mounts.findLast((mount) => mount.raw === raw)?.template
  }

  /** The template of the mount that `raw` is in; empty for one that is in none. */
  private mountAbove(raw: string): string | undefined {
    for (let top = this.mounts.at(-1); top !== undefined; top = this.mounts.at(-1)) {
      if (raw.startsWith(`${top.raw}/`)) return top.template
      this.mounts.pop()
    }
    return ''
  }
}
