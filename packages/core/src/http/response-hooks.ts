import type { EventEmitter } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { untilLastTracerCloses } from '../base/wrappers.js'
import { headWith, withoutHeaders } from './head.js'
import { freeIdleTimer } from './idle-timer.js'
import { isUpgrade } from './upgrade.js'

/** Learns what an application does with a request and its response. What it throws is caught and counted. */
export interface ResponseObserver {
  /** The copy of this module that wrapped the methods for it: a bundled application has its own. */
  readonly copy: symbol
  /** Headers that the response must have, by lowercase name, whatever else the application says about them. */
  readonly headers: Readonly<Record<string, string>>
  /** The head is about to be written. */
  heading(): void
  /** A part of the body is about to be written. */
  writing(chunk: unknown, encoding: unknown): void
  /** The response is about to end. */
  ending(): void
  /** The response was sent, or its connection is gone. */
  disconnected(): void
  /** Are the listeners of an event to be called within the hop? False where it is the current one. */
  isElsewhere(): boolean
  /** Runs `fn` within the hop. */
  run<T>(fn: () => T): T
  /** A hook threw. */
  failed(): void
}

/**
 * Where a request keeps who observes it. The only property that is added to a request: each one costs, most where
 * a framework changes the prototype, and a WeakMap with an entry for each request costs garbage collection still more.
 */
export const observerKey = Symbol.for('hoptrace.inbound')

/** A request that has its observer, or none yet. */
export interface ObservedRequest extends IncomingMessage {
  [observerKey]?: ResponseObserver
}
type Response = ServerResponse<ObservedRequest>

type Method<This> = (this: This, ...args: unknown[]) => unknown
/** The method that is wrapped: of an inherited one the form that it has now. */
type Original<This> = () => Method<This>
type Find<This> = (object: This) => ResponseObserver | undefined
type Methods<This> = Record<string, Method<This>>

/** Methods of Node's classes that are wrapped once for all requests: closures for each one cost more than all that they do. */
const ofResponse = {
  write: wrapWrite,
  end: wrapEnd,
  emit: wrapNodeResponseEmit,
  // Bun has both, and writes a head by this one alone.
  ...('bun' in process.versions ? { writeHead: wrapWriteHead } : { _storeHeader: wrapStoreHeader }),
} as const
const ofOtherResponse = { write: wrapWrite, end: wrapEnd, emit: wrapResponseEmit } as const
const ofRequest = { emit: wrapEmit } as const

/** This copy of the module. */
export const thisCopy = Symbol('hoptrace.copy')

const observerOf: Find<ObservedRequest> = ({ [observerKey]: observer }) =>
  observer?.copy === thisCopy ? observer : undefined
// Typed as always there, yet an application may have taken the request away.
const observerOfResponse: Find<Response> = ({ req }) => {
  const observer = (req as ObservedRequest | undefined)?.[observerKey]
  return observer?.copy === thisCopy ? observer : undefined
}

let wrapped = false

/**
 * Does the response tell all: its head, its body, its end, and that its connection is gone? One that a library makes up
 * for a WebSocket does not, nor does one that has ended.
 */
export function isObservable(req: IncomingMessage, res: ServerResponse): boolean {
  const { write, end, emit } = res as unknown as Readonly<Record<string, unknown>>
  if (typeof write !== 'function' || typeof end !== 'function' || typeof emit !== 'function') return false
  if (res.writableEnded || res.destroyed) return false
  return !isUpgrade(req) || res.socket === req.socket
}

/** Tells `observer` what happens to `req` and `res`, before it happens, and has their listeners called within its hop. */
export function observe(req: ObservedRequest, res: Response, observer: ResponseObserver): void {
  if (!wrapped) wrapPrototypes()
  req[observerKey] = observer
  if (!isOfNode(req)) wrapAll(req, ofRequest, () => observer)
  if (isOfNode(res) && res.req === req) return
  // Another class, such as the one of HTTP/2.
  wrapAll(res, ofOtherResponse, () => observer)
  const { stream } = res as { stream?: object }
  if (stream !== undefined) wrapAll(stream, { respond: wrapRespond }, () => observer)
}

const isOfNode = (object: object): boolean =>
  object instanceof IncomingMessage || object instanceof ServerResponse

/**
 * Node's classes get their methods back when the last tracer has closed, and the next request wraps them again. Where another
 * library has wrapped a wrapper since, all stay.
 */
function wrapPrototypes(): void {
  wrapped = true
  const undos = [
    ...wrapAll(ServerResponse.prototype as Response, ofResponse, observerOfResponse),
    ...wrapAll(IncomingMessage.prototype as ObservedRequest, ofRequest, observerOf),
  ]
  untilLastTracerCloses(() => {
    if (!undos.every(({ isOuter }) => isOuter())) return
    for (const { undo } of undos) undo()
    wrapped = false
  })
}

interface Wrapped {
  /** Has no other library wrapped the wrapper? */
  readonly isOuter: () => boolean
  readonly undo: () => void
}

/** Wraps methods of an object, which may inherit them. */
function wrapAll<This extends object>(
  object: This,
  wrappers: Readonly<Record<string, (original: Original<This>, find: Find<This>) => Method<This>>>,
  find: Find<This>,
): Wrapped[] {
  const methods = object as unknown as Methods<This>
  return Object.entries(wrappers).flatMap(([name, wrap]) => {
    const original = methods[name]
    if (typeof original !== 'function') return []
    const inherited = !Object.hasOwn(object, name)
    const parent = Object.getPrototypeOf(object) as Methods<This>
    const wrapper = wrap(inherited ? () => parent[name] as Method<This> : () => original, find)
    Object.defineProperty(wrapper, 'name', { value: original.name, configurable: true })
    Object.defineProperty(wrapper, 'length', { value: original.length, configurable: true })
    methods[name] = wrapper
    return [
      {
        isOuter: () => methods[name] === wrapper,
        undo: () => {
          if (inherited) Reflect.deleteProperty(object, name)
          else methods[name] = original
        },
      },
    ]
  })
}

/** An error in a hook does not reach the application: its call continues with the arguments that it gave. */
function wrapWrite<This>(original: Original<This>, find: Find<This>): Method<This> {
  return function (...args) {
    let observer: ResponseObserver | undefined
    try {
      observer = find(this)
      observer?.writing(args[0], args[1])
    } catch {
      observer?.failed()
    }
    return original().apply(this, args)
  }
}

function wrapEnd<This>(original: Original<This>, find: Find<This>): Method<This> {
  return function (...args) {
    let observer: ResponseObserver | undefined
    try {
      observer = find(this)
      observer?.ending()
    } catch {
      observer?.failed()
    }
    return original().apply(this, args)
  }
}

function wrapEmit<This>(original: Original<This>, find: Find<This>): Method<This> {
  return wrapEvents(original, find, () => undefined)
}

function wrapResponseEmit<This>(original: Original<This>, find: Find<This>): Method<This> {
  return wrapEvents(original, find, (observer, event) => {
    if (event === 'close') observer.disconnected()
  })
}

/** The same for a response of Node's, whose connection is idle from its last listener of 'finish' on. */
function wrapNodeResponseEmit(original: Original<Response>, find: Find<Response>): Method<Response> {
  const emit = wrapResponseEmit(original, find)
  return function (...args) {
    const heard = emit.apply(this, args)
    const observer = args[0] === 'finish' ? find(this) : undefined
    if (observer === undefined) return heard
    try {
      freeIdleTimer(this.req.socket)
    } catch {
      observer.failed()
    }
    return heard
  }
}

/**
 * Node's parser and sockets, which belong to no request, emit the events of a request. The listeners belong to the request.
 * @param tell called with each event before its listeners are
 */
function wrapEvents<This>(
  original: Original<This>,
  find: Find<This>,
  tell: (observer: ResponseObserver, event: unknown) => void,
): Method<This> {
  return function (...args) {
    let observer: ResponseObserver | undefined
    let enters = false
    try {
      observer = find(this)
      if (observer !== undefined) {
        tell(observer, args[0])
        enters = isHeardElsewhere(this as EventEmitter, args[0], observer)
      }
    } catch {
      observer?.failed()
    }
    if (observer === undefined || !enters) return original().apply(this, args)
    return callWithin(observer, original(), this, args)
  }
}

/** By itself, because a function that another one inside it shares its arguments with makes a list of them for each call. */
function callWithin<This>(
  observer: ResponseObserver,
  method: Method<This>,
  self: This,
  args: unknown[],
): unknown {
  return observer.run(() => method.apply(self, args))
}

const isHeardElsewhere = (emitter: EventEmitter, event: unknown, observer: ResponseObserver): boolean =>
  emitter.listenerCount(event as string) > 0 && observer.isElsewhere()

/** Every head of HTTP/1 passes here, whether the application wrote it or Node did with the first part of the body. */
function wrapStoreHeader(original: Original<Response>, find: Find<Response>): Method<Response> {
  return function (...args) {
    let given = args
    let observer: ResponseObserver | undefined
    try {
      observer = find(this)
      if (observer !== undefined) {
        observer.heading()
        given = headWith(this, args, observer.headers)
      }
    } catch {
      observer?.failed()
    }
    return original().apply(this, given)
  }
}

/** Every head of Bun's passes here. It has no later point at which ours could be added, so the application sees them among its own. */
function wrapWriteHead(original: Original<Response>, find: Find<Response>): Method<Response> {
  return function (...args) {
    let given = args
    let observer: ResponseObserver | undefined
    try {
      observer = find(this)
      // Bun's own, as below: an application may have put others in their place.
      if (observer !== undefined && Reflect.get(ServerResponse.prototype, 'headersSent', this) !== true) {
        observer.heading()
        const { headers } = observer
        given = args.map((argument) => withoutHeaders(argument, headers))
        const setHeader = Reflect.get(ServerResponse.prototype, 'setHeader') as Method<Response>
        for (const [name, value] of Object.entries(headers)) setHeader.call(this, name, value)
      }
    } catch {
      observer?.failed()
    }
    return original().apply(this, given)
  }
}

/** The head of HTTP/2. */
function wrapRespond(original: Original<object>, find: Find<object>): Method<object> {
  return function (...args) {
    let given = args
    let observer: ResponseObserver | undefined
    try {
      observer = find(this)
      if (observer !== undefined) {
        observer.heading()
        const [headers, ...others] = args
        given = [{ ...(headers as object), ...observer.headers }, ...others]
      }
    } catch {
      observer?.failed()
    }
    return original().apply(this, given)
  }
}
