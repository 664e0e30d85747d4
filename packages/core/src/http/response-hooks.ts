import { ServerResponse, type IncomingMessage } from 'node:http'

/** Who is told what an application does with a response. Must not throw. */
export interface ResponseObserver {
  /** Belongs to `observeResponse`: whether the wrappers that all responses share tell it. */
  shared: boolean
  /** Headers that the response must have, by lowercase name, whatever else is said about them. */
  readonly headers: Readonly<Record<string, string>>
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
type WriteHead = (this: Response, status: number, reason?: unknown, headers?: unknown) => Response

/** A response's methods as they are called here. */
interface Methods {
  write: Write
  end: End
  writeHead: WriteHead
  /** An old name of the same. */
  writeHeader?: WriteHead
}

let observedWrite: Write | undefined
let observedEnd: End | undefined
let observedHead: WriteHead | undefined

/**
 * Tells `observer` what happens to `res`, before it happens. The methods of Node's `ServerResponse` are wrapped once, for all
 * responses: wrapping them on each response costs five closures and two properties a request. A response whose methods are
 * not those (another class, or somebody stands before us) gets wrappers of its own.
 */
export function observeResponse(req: ObservedRequest, res: Response, observer: ResponseObserver): void {
  if (observedEnd === undefined) wrapPrototype()
  const methods = res as unknown as Methods
  req[observerKey] = observer
  if (
    methods.end === observedEnd &&
    methods.write === observedWrite &&
    methods.writeHead === observedHead &&
    res.req === req
  ) {
    observer.shared = true
  } else {
    methods.writeHead = wrapHead(methods.writeHead, () => observer)
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
  const { writeHead, writeHeader } = methods
  methods.writeHead = observedHead = wrapHead(writeHead, find)
  if (writeHeader === writeHead) methods.writeHeader = observedHead
}

function wrapWrite(original: Write, find: Find): Write {
  return function write(chunk, encoding, callback) {
    find(this)?.writing(chunk, encoding)
    return original.call(this, chunk, encoding, callback)
  }
}

/**
 * The head is written once, whoever begins with it: an application that says it, Node with the first part of a body, a gateway that
 * copies the headers of its upstream, or a framework that cleared all headers to answer an error.
 */
function wrapHead(original: WriteHead, find: Find): WriteHead {
  return function writeHead(status, reason, headers) {
    const ours = this.headersSent ? undefined : find(this)?.headers
    if (ours === undefined) return original.call(this, status, reason, headers)
    const given = typeof reason === 'string' ? headers : (headers ?? reason)
    const kept = withoutOurs(given, ours)
    for (const name in ours) this.setHeader(name, ours[name] as string)
    if (kept === given) return original.call(this, status, reason, headers)
    return typeof reason === 'string'
      ? original.call(this, status, reason, kept)
      : original.call(this, status, kept)
  }
}

/** Headers for `writeHead`, an object or a list, without those that are set already; the same value where it has none of them. */
function withoutOurs(given: unknown, ours: Readonly<Record<string, string>>): unknown {
  if (typeof given !== 'object' || given === null) return given
  const isOurs = (name: unknown): boolean =>
    typeof name === 'string' &&
    (name.length === 8 || name.length === 13) &&
    Object.hasOwn(ours, name.toLowerCase())
  if (!Array.isArray(given)) {
    if (!Object.keys(given).some(isOurs)) return given
    return Object.fromEntries(Object.entries(given).filter(([name]) => !isOurs(name)))
  }
  const list = given as readonly unknown[]
  if (Array.isArray(list[0])) return list.filter((pair) => !isOurs((pair as readonly unknown[])[0]))
  return list.filter((_, i) => !isOurs(list[i - (i % 2)]))
}

function wrapEnd(original: End, find: Find): End {
  return function end(chunk, encoding, callback) {
    find(this)?.ending()
    return original.call(this, chunk, encoding, callback)
  }
}
