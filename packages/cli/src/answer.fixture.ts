import type { Answer, CallView, HopView } from './answer.js'

const ids = ['0', '1', '2', '3', '4'].map((n) => `18a2b3c4d5e6f70${n}8000007f0000010fa${n}`)

/** Hop ids of the fixture chain: gateway, orders, payments, inventory, notify. */
export const [GATEWAY = '', ORDERS = '', PAYMENTS = '', INVENTORY = '', NOTIFY = ''] = ids

/** A call, with every field that a record may leave out. */
export function call(
  hopId: string,
  service: string | null,
  port: number,
  more: Partial<CallView> = {},
): CallView {
  return {
    hopId,
    target: `127.0.0.1:${port}`,
    service,
    method: 'POST',
    outcome: '200',
    durationMicros: 900,
    ...more,
  }
}

/** A hop that succeeded, changed by `more`. */
export function hop(hopId: string, service: string, port: number, more: Partial<HopView> = {}): HopView {
  return {
    hopId,
    service,
    instance: `127.0.0.1:${port}`,
    method: 'POST',
    route: `/${service}`,
    status: 200,
    state: 'closed',
    startTime: '2026-11-22T15:00:00.123456789Z',
    durationMicros: 8123,
    error: null,
    keys: {},
    attributes: {},
    events: [],
    next: [],
    source: 'live',
    ...more,
  }
}

/** An order: its stock service was killed while it handled the request, after the mail had been sent. */
export function diedAnswer(): Answer {
  return {
    traceId: GATEWAY,
    verdict: 'died',
    endedAt: { service: 'inventory', instance: '127.0.0.1:4003', hopId: INVENTORY },
    lastHealthy: { service: 'payments', instance: '127.0.0.1:4002', hopId: PAYMENTS },
    hops: [
      hop(GATEWAY, 'gateway', 4000, {
        status: 502,
        route: '/orders',
        keys: { orderId: '42' },
        next: [call(ORDERS, 'orders', 4001, { outcome: '502', durationMicros: 7900 })],
      }),
      hop(ORDERS, 'orders', 4001, {
        status: 502,
        route: '/orders',
        durationMicros: 7300,
        keys: { orderId: '42' },
        attributes: { customer: 'c 7' },
        events: [
          { name: 'order.accepted', time: '2026-11-22T15:00:00.124660789Z', attributes: { items: 3 } },
        ],
        next: [
          call(NOTIFY, 'notify', 4004),
          call(PAYMENTS, 'payments', 4002, { outcome: '502', durationMicros: 5100 }),
        ],
        source: 'store',
      }),
      hop(NOTIFY, 'notify', 4004, { route: '/mails', durationMicros: 812 }),
      hop(PAYMENTS, 'payments', 4002, {
        status: 502,
        route: '/charges/:id',
        durationMicros: 4800,
        next: [call(INVENTORY, 'inventory', 4003, { outcome: 'ECONNRESET', durationMicros: 2100 })],
      }),
    ],
    evidence: ['payments saw ECONNRESET', 'inventory 127.0.0.1:4003 is shipped through 15:00:10, no record'],
    reads: { instances: 5, scans: 3, bytes: 1811 },
    elapsedMillis: 4.1,
  }
}
