import type { ServerResponse } from 'node:http'
import { setStoreWeather } from './fragile-store.js'
import type { Fault } from './plan.js'
import { terminateWorkers } from './workers.js'

/** How long a stopped or blocked process does nothing. Longer than any timeout in the chain. */
export const PAUSE_MILLIS = 1500
/** How long a store is away or slow. */
const WEATHER_MILLIS = 2500

/**
 * Does to this process what the fault says; faults that concern only the answer, or the caller, do nothing here.
 * Never resolves when the process is about to end: a handler that awaits it does nothing more.
 */
export function breakProcess(fault: Fault): Promise<void> {
  switch (fault) {
    case 'sigkill':
    case 'killed-twice':
      process.kill(process.pid, 'SIGKILL')
      return NEVER
    case 'abort':
      return process.abort()
    case 'exit':
      return process.exit(3)
    case 'uncaught':
      // Outside the promise chain of the request, where nothing catches it.
      setImmediate(() => {
        throw new Error('a bug that nobody catches')
      })
      return NEVER
    case 'rejection':
      void Promise.reject(new Error('a rejection that nobody handles'))
      return NEVER
    case 'out-of-memory':
      return fillMemory()
    case 'sigstop':
    case 'hang':
      process.kill(process.pid, 'SIGSTOP')
      break
    case 'blocked':
      block(PAUSE_MILLIS)
      break
    case 'store-away':
      setStoreWeather('away', WEATHER_MILLIS)
      break
    case 'store-slow':
      setStoreWeather('slow', WEATHER_MILLIS)
      break
    case 'shipper-killed':
      terminateWorkers()
  }
  return Promise.resolve()
}

const NEVER = new Promise<void>(() => undefined)

/** Breaks the connection instead of answering, or in the middle of the answer. Returns whether it did. */
export function breakAnswer(fault: Fault, res: ServerResponse): boolean {
  if (fault === 'lost-answer') {
    res.socket?.destroy()
    return true
  }
  if (fault !== 'reset') return false
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
  res.write('{"half":')
  setTimeout(() => res.socket?.resetAndDestroy(), 5)
  return true
}

function block(millis: number): void {
  const until = Date.now() + millis
  while (Date.now() < until);
}

/** The process has a small heap; V8 ends it by SIGABRT. */
function fillMemory(): never {
  const kept: unknown[] = []
  for (;;) kept.push(Array.from({ length: 10_000 }, () => ({ kept: kept.length })))
}
