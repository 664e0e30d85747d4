import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Tracer } from '@hoptrace/core'
import type { Listening } from '../adapter/exchange.js'

/** The abilities of a framework; the kit tests nothing else. */
export interface ServerSupports {
  /** A handler's rejected promise reaches the framework's error handling. */
  readonly asyncErrors: boolean
  /** A handler passes an error on without throwing: `next(error)`, `reply.send(error)`. */
  readonly passOn: boolean
  /**
   * The adapter runs around the handlers and sees each of them end, as middleware does that awaits the next one: it calls `handled` then.
   * Where the framework shows no such end, a hop without an answer closes some time after its caller went away.
   */
  readonly handled: boolean
  /** Handlers have Node's request and response, and answer by them as well. @default true */
  readonly nodeObjects?: boolean
  /** Between the adapter and the handlers is a framework, which has routes, and answers errors by their status. @default true */
  readonly framework?: boolean
  /** The server says where it listens, and that a caller has gone away. @default true */
  readonly connection?: boolean
}

/** What a kit handler gets from the framework. */
export interface KitExchange {
  /** Not there where `supports.nodeObjects` is false. */
  readonly req: IncomingMessage
  /** As `req`. */
  readonly res: ServerResponse
  readonly params: Readonly<Record<string, string>>
  /** The parsed JSON body. */
  readonly body: unknown
}

/** The answer of a kit handler, to be sent in the framework's usual way. */
export type KitReply =
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Buffer | Readable | Readonly<Record<string, unknown>>
    }
  | { readonly passOn: unknown }

/**
 * One route. Its handler answers, throws, rejects, or writes the response on `res` by itself. In that case it
 * returns `undefined`, and the framework must leave the response alone.
 */
export interface KitRoute {
  readonly method: 'GET' | 'POST'
  /** `/items/:id` */
  readonly path: string
  /** The route belongs to a separate router under this path: `/tenants/:tenant`. */
  readonly mount?: string
  readonly handle: (exchange: KitExchange) => KitReply | undefined | Promise<KitReply | undefined>
}

/** What a subject needs to build its application. */
export interface ServerSetup {
  /** Undefined: the bare framework, for comparison. */
  readonly tracer: Tracer | undefined
  /** The adapter belongs under this path, in the framework's own way: `/api`. Undefined: before everything else. */
  readonly under?: string | undefined
  readonly routes: readonly KitRoute[]
  /**
   * Call it with every error that reaches the framework's own error handling, which then continues as usual.
   */
  readonly onError: (error: unknown) => void
}

/** A framework with its adapter, in about a dozen lines. It parses JSON bodies, after the adapter. */
export interface ServerSubject {
  /** `express 5` */
  readonly name: string
  readonly supports: ServerSupports
  /** The application, not listening yet; where the server is not Node's, listening on 127.0.0.1. */
  create(setup: ServerSetup): Server | Listening | Promise<Server | Listening>
}
