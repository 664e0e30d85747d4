import { existsSync } from 'node:fs'
import { isIPv6, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { Resolver } from '@hoptrace/core'
import fastify, { type FastifyInstance } from 'fastify'
import { jaegerRoutes } from '../jaeger/routes.js'
import { guard, isLoopback } from './access.js'
import { addApi } from './api.js'

/** What the page is served with. */
export interface UiOptions {
  /** It is asked, and stays the caller's: closing the page does not close it. */
  readonly resolver: Resolver
  /** Address to listen on. Beyond loopback a token is needed. @default '127.0.0.1' */
  readonly host?: string
  /** @default a free one */
  readonly port?: number
  /** Every question has to carry it, as `Authorization: Bearer`. From 16 characters. @default none */
  readonly token?: string
  /** Where the built page is. @default in this package */
  readonly pageDir?: string
  /** Receives errors that are not the asker's. @default none */
  readonly onError?: (error: Error) => void
}

/** A page that is being served. */
export interface Ui {
  /** With the token, where there is one, in its fragment: browsers do not send that. */
  readonly url: string
  close(): Promise<void>
}

/** Paths that the page itself shows. */
const VIEWS = ['/', '/trace/*', '/progress/*', '/services']

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/**
 * Serves the page and its API until it is closed. Throws `TypeError` for options that make no sense, and the listener's own error when the
 * port is taken.
 */
export async function startUi(options: UiOptions): Promise<Ui> {
  const { host = '127.0.0.1', port = 0, token, resolver } = options
  if (token === undefined && !isLoopback(host))
    throw new TypeError(`the page on ${host} can be reached from other hosts: give it a token`)
  if (token !== undefined && !/^[\w.~-]{16,256}$/.test(token))
    throw new TypeError('a token has 16 to 256 letters, digits, and . _ ~ -')
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
  })
  const { onError } = options
  if (onError !== undefined) app.log.error = (error: unknown) => onError(error as Error)
  app.addHook('onRequest', async (_request, reply) => void reply.headers(HEADERS))
  guard(app, token)
  addApi(app, resolver)
  await app.register(jaegerRoutes, { resolver })
  await addPage(app, options.pageDir ?? pageDir())
  await app.listen({ host, port })
  const { port: bound } = app.server.address() as AddressInfo
  const name = isIPv6(host) ? `[${host}]` : host
  return {
    url: `http://${name}:${bound}/${token === undefined ? '' : `#token=${token}`}`,
    close: () => app.close(),
  }
}

async function addPage(app: FastifyInstance, root: string): Promise<void> {
  if (!existsSync(`${root}/index.html`))
    throw new TypeError(`there is no page in ${root}: build it with npm run build -w @hoptrace/ui`)
  // Names of assets hold a hash of their contents.
  await app.register(fastifyStatic, { root, wildcard: false, index: false, maxAge: '1y', immutable: true })
  for (const view of VIEWS)
    app.get(view, (_request, reply) => reply.sendFile('index.html', { maxAge: 0, immutable: false }))
}

/** Where `npm run build` puts the page: next to the package's bundle, or above the sources of a checkout. */
function pageDir(): string {
  const [published, checkout] = ['./page', '../../dist/page'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  )
  return existsSync(`${published}/index.html`) ? (published as string) : (checkout as string)
}
