import type { HopId, HopJson } from '@hoptrace/core'

/** 2026-11-29T10:00:00Z in nanoseconds since the epoch. */
export const ten = 1_795_946_400_000_000_000n

/** The id of a hop at a time after ten o'clock. */
export const idAt = (nanos: number | bigint): HopId =>
  `${(ten + BigInt(nanos)).toString(16).padStart(16, '0')}0010c0a800010fa0` as HopId

/** A hop with everything that a hop can have. */
export function hop(nanos: number, more: Partial<HopJson> = {}): HopJson {
  return {
    hopId: idAt(nanos),
    traceId: idAt(0),
    service: 'orders',
    instance: '192.168.0.1:4000',
    method: 'POST',
    route: '/orders',
    status: 201,
    state: 'closed',
    startTime: '2026-11-29T10:00:00.123456789Z',
    durationMicros: 1500,
    error: null,
    aborted: false,
    keys: { orderId: '42' },
    attributes: { items: 3, express: true, note: 'fragile' },
    events: [
      { name: 'order.accepted', time: '2026-11-29T10:00:00.123466789Z', attributes: { items: 3 } },
      { name: 'order.done', time: '2026-11-29T10:00:00.124456789Z', attributes: {} },
    ],
    next: [
      {
        hopId: idAt(nanos + 1),
        target: '127.0.0.1:4002',
        service: 'payments',
        method: 'POST',
        outcome: '201',
        offsetMicros: 20,
        durationMicros: 900,
      },
    ],
    crash: null,
    shed: 0,
    lost: 0,
    source: 'store',
    ...more,
  }
}
