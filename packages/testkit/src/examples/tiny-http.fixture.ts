import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** The context of a handler and a middleware of the tiny framework. */
export interface TinyContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The template of the route that matched, once one has. */
  route?: string
  params: Record<string, string>
}

export type TinyMiddleware = (ctx: TinyContext, next: () => Promise<void>) => Promise<void>
export type TinyHandler = (ctx: TinyContext) => void | Promise<void>

/** A typical web framework over `node:http`: middleware around one router, errors answered in one place. */
export class TinyHttp {
  /** Called with every error that reaches the framework. */
  onError: (error: unknown) => void = () => undefined
  private readonly middleware: TinyMiddleware[] = []
  private readonly routes: { method: string; template: string; pattern: RegExp; handler: TinyHandler }[] = []

  use(middleware: TinyMiddleware): void {
    this.middleware.push(middleware)
  }

  route(method: string, template: string, handler: TinyHandler): void {
    const pattern = new RegExp(`^${template.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
    this.routes.push({ method, template, pattern, handler })
  }

  server(): Server {
    return createServer((req, res) => void this.handle({ req, res, params: {} }))
  }

  private async handle(ctx: TinyContext): Promise<void> {
    const run = (index: number): Promise<void> => {
      const middleware = this.middleware[index]
      return middleware === undefined ? this.dispatch(ctx) : middleware(ctx, () => run(index + 1))
    }
    try {
      await run(0)
    } catch (error) {
      this.onError(error)
      ctx.res.statusCode = (error as { status?: number }).status ?? 500
      ctx.res.end('it failed')
    }
  }

  private async dispatch(ctx: TinyContext): Promise<void> {
    const method = ctx.req.method === 'HEAD' ? 'GET' : ctx.req.method
    const path = (ctx.req.url ?? '/').replace(/\?.*$/s, '')
    for (const { template, pattern, handler, ...route } of this.routes) {
      const match = route.method === method ? pattern.exec(path) : null
      if (match === null) continue
      ctx.route = template
      for (const [name, value] of Object.entries(match.groups ?? {}))
        ctx.params[name] = decodeURIComponent(value)
      return handler(ctx)
    }
    ctx.res.statusCode = 404
    ctx.res.end('there is no such thing')
  }
}
