import type { RunInfo } from '../rundir/run-info.js'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { HopId } from '../id/types.js'
import type { LogCall, LogClose, LogHop } from './entries.js'

/** Shared by the tests of the log and of the shipper. */
export const baseNanos = 1_700_000_000_000_000_000n

export function testRun(changes: Partial<RunInfo> = {}): RunInfo {
  return {
    service: 'orders',
    address: '127.0.0.1:4001',
    aliases: [],
    reached: [],
    boot: '',
    worker: 0,
    startNanos: baseNanos,
    host: 'test',
    pid: 1,
    endpoint: null,
    storeUrl: 'memory:test',
    buckets: 4,
    windowMillis: 1000,
    ...changes,
  }
}

/** An id of 127.0.0.1:4001, at this many nanoseconds after the base. */
export function testId(offsetNanos: number | bigint): HopId {
  return `${(baseNanos + BigInt(offsetNanos)).toString(16).padStart(16, '0')}00007f0000010fa1` as HopId
}

export function testHop(offsetNanos: number | bigint, changes: Partial<LogHop> = {}): LogHop {
  const id = testId(offsetNanos)
  return {
    id,
    traceId: id,
    startNanos: baseNanos + BigInt(offsetNanos),
    method: 'GET',
    parentSpan: null,
    link: null,
    assignedId: null,
    flags: 1,
    route: null,
    logNumber: 0,
    loggedRoute: null,
    rerouted: false,
    loggedEntries: 0,
    ...changes,
  }
}

export function testClose(changes: Partial<LogClose> = {}): LogClose {
  return {
    durationMicros: 1234,
    route: '/orders/:id',
    status: 200,
    error: null,
    aborted: false,
    shed: 0,
    ...changes,
  }
}

export function testCall(index: number, changes: Partial<LogCall> = {}): LogCall {
  return {
    index,
    hopId: testId(9_000_000 + index),
    target: '127.0.0.1:4002',
    service: null,
    method: 'POST',
    via: null,
    offsetMicros: 10,
    ...changes,
  }
}

/** The directory of a run of `orders`; the same for the same name. */
export function testRunDir(dataDir: string, name = 'run'): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return path.join(dataDir, 'logs', 'orders', `1-1-${hash}`)
}

/** A directory that `await using` removes. */
export function tempDir(): Disposable & { readonly path: string } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'hoptrace-test-'))
  return { path: dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) }
}
