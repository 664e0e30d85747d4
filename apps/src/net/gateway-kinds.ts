/** Ways to pass a request on with all the headers that it came with. */
export const GATEWAY_KINDS = [
  'http-proxy-middleware',
  'express-http-proxy',
  '@fastify/http-proxy',
  'fetch',
] as const

/** One of them. */
export type GatewayKind = (typeof GATEWAY_KINDS)[number]

/** A port of a gateway, and the base URL to which it forwards requests. */
export interface GatewayRoute {
  readonly kind: GatewayKind
  readonly port: number
  readonly target: string
}
