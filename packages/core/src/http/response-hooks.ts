import { ServerResponse } from 'node:http'

/** Who is told what an application does with a response. Must not throw. */
export interface ResponseObserver {
  /** A part of the body is about to be written. */
  writing(chunk: unknown, encoding: BufferEncoding): void
  /** The response is about to end. */
  ending(): void
  /** The response was sent, or its connection is gone. */
  disconnected(): void
}

type Write = ServerResponse['write']
type End = ServerResponse['end']

const observerKey = Symbol('hoptrace.response')

interface Observed extends ServerResponse {
  [observerKey]?: ResponseObserver
}

let observedWrite: Write | undefined
let observedEnd: End | undefined

/**
 * Tells `observer` what happens to `res`, before it happens. The methods of Node's `ServerResponse` are wrapped once, for all
 * responses: wrapping them on each response costs five closures and two properties a request. A response whose methods are
 * not those (another class, or somebody stands before us) gets wrappers of its own.
 */
export function observeResponse(res: ServerResponse, observer: ResponseObserver): void {
  if (observedEnd === undefined) wrapPrototype()
  if (res.end === observedEnd && res.write === observedWrite) {
    ;(res as Observed)[observerKey] = observer
    res.on('close', closed)
    return
  }
  const { write, end } = res
  res.write = wrapWrite(write, () => observer)
  res.end = wrapEnd(end, () => observer)
  res.on('close', () => observer.disconnected())
}

function wrapPrototype(): void {
  const prototype = ServerResponse.prototype as Observed
  const find = (res: Observed): ResponseObserver | undefined => res[observerKey]
  prototype.write = observedWrite = wrapWrite(prototype.write, find)
  prototype.end = observedEnd = wrapEnd(prototype.end, find)
}

function wrapWrite(original: Write, find: (res: Observed) => ResponseObserver | undefined): Write {
  return function write(this: Observed, chunk: unknown, encoding: BufferEncoding, callback: () => void) {
    find(this)?.writing(chunk, encoding)
    return original.call(this, chunk, encoding, callback)
  } as Write
}

function wrapEnd(original: End, find: (res: Observed) => ResponseObserver | undefined): End {
  return function end(this: Observed, chunk: unknown, encoding: BufferEncoding, callback: () => void) {
    find(this)?.ending()
    return original.call(this, chunk, encoding, callback)
  } as End
}

function closed(this: Observed): void {
  this[observerKey]?.disconnected()
}
