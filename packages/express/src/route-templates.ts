import { mountPattern, type MountedLayer } from './mount-pattern.js'

/** The template of a request's route, assembled while Express walks down its mounts. */
export class RouteTemplates {
  /**
   * `raw`: the part of the path that the mounts have consumed, unchanged. `template`: undefined if it is
   * unknown.
   */
  private readonly mounts: { readonly raw: string; readonly template: string | undefined }[] = []
  private route: string | undefined
  private inRoute = false

  /** Express enters the router that a layer has mounted, and has removed the mount's part of the path. */
  enterMount(baseUrl: string, layer: MountedLayer): void {
    if (this.inRoute || baseUrl === '') return
    const above = this.mountAbove(baseUrl)
    const own = mountPattern(layer)
    const template = above === undefined || own === undefined ? undefined : above + own
    this.mounts.push({ raw: baseUrl, template })
  }

  /** Express enters a route. The layers that follow belong to it until Express leaves it. */
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

  /**
   * The last route entered, or the mount that answers by itself; undefined if nothing matched, or the pattern
   * is unknown.
   */
  current(baseUrl: string): string | undefined {
    return this.route ?? (baseUrl === '' ? undefined : this.mountAt(baseUrl))
  }

  private mountAt(raw: string): string | undefined {
    return this.mounts.findLast((mount) => mount.raw === raw)?.template
  }

  /** The template of the mount that contains `raw`; empty if there is none. */
  private mountAbove(raw: string): string | undefined {
    for (let top = this.mounts.at(-1); top !== undefined; top = this.mounts.at(-1)) {
      if (raw.startsWith(`${top.raw}/`)) return top.template
      this.mounts.pop()
    }
    return ''
  }
}
