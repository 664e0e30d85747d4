/** What the tests use of it; its own types bring another version of Express's. */
declare module 'express-ws' {
  import type { Server } from 'node:http'
  import type { Express } from 'express'
  import type { WebSocket } from 'ws'

  type WithSockets = Express & { ws(path: string, handler: (socket: WebSocket) => void): void }

  export default function expressWs(app: Express, server: Server): { readonly app: WithSockets }
}
