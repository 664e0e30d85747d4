import type { CallRecord, HopRecord } from '../record/record.js'
import { formatHopId } from '../id/index.js'
import type { HopId } from '../id/types.js'
import type { InstanceRow } from '../record/instance-row.js'
import type { HopEvidence } from './verdict/evidence.js'

/** The time around which test traces happen: 2026-11-22T15:00:00Z. */
export const baseNanos = 1_795_359_600_000_000_000n

let counter = 0n

/** An id of an instance on loopback. */
export function testId(port: number, nanos = baseNanos + ++counter * 1000n): HopId {
  return formatHopId({ nanos, assigned: false, issuer: 0, counter: 0, ip: '127.0.0.1', port })
}

/** A closed, healthy hop by default. */
export function testRecord(service: string, port: number, more: Partial<HopRecord> = {}): HopRecord {
  const hopId = more.hopId ?? testId(port)
  return {
    hopId,
    traceId: hopId,
    service,
    instance: { address: `127.0.0.1:${port}`, worker: 0, startNanos: baseNanos - 60_000_000_000n },
    state: 'closed',
    startNanos: baseNanos,
    durationMicros: 5000,
    method: 'GET',
    route: '/',
    status: 200,
    error: null,
    aborted: false,
    keys: {},
    attributes: {},
    events: [],
    next: [],
    parentSpan: null,
    link: null,
    assignedId: null,
    flags: 1,
    crash: null,
    shed: 0,
    lost: 0,
    ...more,
  }
}

/** A call that was answered 200 by default. */
export function testCall(port: number, more: Partial<CallRecord> = {}): CallRecord {
  return {
    hopId: more.hopId ?? testId(port),
    target: `127.0.0.1:${port}`,
    service: null,
    method: 'GET',
    outcome: '200',
    offsetMicros: 100,
    durationMicros: 1000,
    servedBy: null,
    via: null,
    otherKey: null,
    ...more,
  }
}

/** A living run by default. */
export function testRow(service: string, port: number, more: Partial<InstanceRow> = {}): InstanceRow {
  return {
    service,
    address: `127.0.0.1:${port}`,
    aliases: [],
    reached: [],
    worker: 0,
    startNanos: baseNanos - 60_000_000_000n,
    host: 'test-host',
    pid: 1,
    endpoint: null,
    stores: [],
    buckets: 4,
    windowMillis: 10_000,
    boot: '',
    logDir: '/nowhere',
    loggedThrough: [0, 0],
    heartbeatMillis: Number(baseNanos / 1_000_000n),
    shippedThroughNanos: baseNanos + 60_000_000_000n,
    dropped: [],
    state: 'running',
    ...more,
  }
}

/** A hop of an evidence tree. */
export function testHop(record: HopRecord, more: Partial<HopEvidence> = {}): HopEvidence {
  return { record, source: 'store', liveness: 'alive', parent: null, call: null, callees: [], ...more }
}
