import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Names and addresses that lead to this host alone. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/** Whether an address to listen on can be reached from this host alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(isIP(host) === 6 ? `[${host}]` : host)
}

/**
 * Refuses requests that the asker at this page did not make.
 *
 * On loopback there is no token, so a page of another origin could use a browser of this host to ask. Two facts stop it: a name that such a
 * page resolves to 127.0.0.1 is in `Host`, and the browser marks requests of other sites (`Sec-Fetch-Site`). With a token, every question
 * has to carry it. The page itself is no secret.
 */
export function guard(app: FastifyInstance, token: string | undefined): void {
  const known = token === undefined ? undefined : digest(token)
  app.addHook('onRequest', async (request, reply) => {
    const site = request.headers['sec-fetch-site']
    const navigates = request.headers['sec-fetch-mode'] === 'navigate'
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigates)
      return reply.code(403).send(refusal('another site may not ask here'))
    if (known === undefined) {
      if (!LOOPBACK.test(request.headers.host ?? ''))
        return reply.code(403).send(refusal('ask by the address 127.0.0.1 or by the name localhost'))
    } else if (asks(request) && !isRight(request.headers.authorization, known)) {
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send(refusal('a question needs the token that hoptrace ui printed'))
    }
    return undefined
  })
}

/** The JSON of a refusal. */
function refusal(message: string): { readonly error: { readonly code: string; readonly message: string } } {
  return { error: { code: 'HOPTRACE_FORBIDDEN', message } }
}

function asks(request: FastifyRequest): boolean {
  return request.url.startsWith('/api/')
}

function isRight(header: string | undefined, known: Buffer): boolean {
  const given = /^Bearer (\S{1,256})$/i.exec(header ?? '')?.[1]
  return given !== undefined && timingSafeEqual(digest(given), known)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
