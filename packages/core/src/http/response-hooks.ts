import { ServerResponse, type IncomingMessage } from 'node:http'

/** Who is told what an application does with a response. Must not throw. */
export interface ResponseObserver {
  /** Belongs to `observeResponse`: whether the wrappers that all responses share tell it. */
  shared: boolean
  /** A part of the body is about to be written. */
  writing(chunk: unknown, encoding: BufferEncoding): void
  /** The response is about to end. */
  ending(): void
  /** The response was sent, or its connection is gone. */
  disconnected(): void
}

/**
 * Where a request keeps who observes its response. The only property that is added to either: each one costs, most where
 * a framework changes their prototypes, and a WeakMap with an entry for each request costs garbage collection still more.
 */
export const observerKey = Symbol('hoptrace.inbound')

/** A request that has its observer, or none yet. */
export interface ObservedRequest extends IncomingMessage {
  [observerKey]?: ResponseObserver
}
type Response = ServerResponse<ObservedRequest>
type Find = (res: Response) => ResponseObserver | undefined
type Write = (this: Response, chunk: unknown, encoding: BufferEncoding, callback: () => void) => boolean
type End = (this: Response, chunk: unknown, encoding: BufferEncoding, callback: () => void) => Response

/** A response's methods as they are called here. */
interface Methods {
  write: Write
  end: End
}

let observedWrite: Write | undefined
let observedEnd: End | undefined

/**
 * Tells `observer` what happens to `res`, before it happens. The methods of Node's `ServerResponse` are wrapped once, for all
 * responses: wrapping them on each response costs five closures and two properties a request. A response whose methods are
 * not those (another class, or somebody stands before us) gets wrappers of its own.
 */
export function observeResponse(req: ObservedRequest, res: Response, observer: ResponseObserver): void {
  if (observedEnd === undefined) wrapPrototype()
  const methods = res as unknown as Methods
  req[observerKey] = observer
  if (methods.end === observedEnd && methods.write === observedWrite && res.req === req) {
    observer.shared = true
  } else {
    methods.write = wrapWrite(methods.write, () => observer)
    methods.end = wrapEnd(methods.end, () => observer)
  }
  res.on('close', () => observer.disconnected())
}

function wrapPrototype(): void {
  const methods = ServerResponse.prototype as unknown as Methods
  // Typed as always there, yet an application may have taken it away.
  const find: Find = (res) => {
    const observer = (res.req as ObservedRequest | undefined)?.[observerKey]
    return observer?.shared === true ? observer : undefined
  }
  methods.write = observedWrite = wrapWrite(methods.write, find)
  methods.end = observedEnd = wrapEnd(methods.end, find)
}

function wrapWrite(original: Write, find: Find): Write {
  return function write(chunk, encoding, callback) {
    find(this)?.writing(chunk, encoding)
    return original.call(this, chunk, encoding, callback)
  }
}

function wrapEnd(original: End, find: Find): End {
  return function end(chunk, encoding, callback) {
    find(this)?.ending()
    return original.call(this, chunk, encoding, callback)
  }
}
