import type { CallRecord, HopId, HopRecord, InstanceRef } from '@hoptrace/core/store'

/** The options of `realisticRecords`. */
export interface RealisticOptions {
  readonly count: number
  /** Time of the first id. */
  readonly fromNanos: bigint
  /** Mean time between two hops. */
  readonly everyNanos: number
  readonly instance?: InstanceRef
  readonly service?: string
  /** The same seed gives the same records. @default 1 */
  readonly seed?: number
}

export const realisticInstance: InstanceRef = {
  address: '10.1.2.3:4002',
  worker: 0,
  startNanos: 1_795_000_000_000_000_000n,
}

/**
 * Records as a service in the middle of a chain writes them, in id order: three routes, two calls each, a
 * random user id of four bytes, an order id on a third, sometimes a failure; all times with realistic
 * nanoseconds.
 */
export function realisticRecords(options: RealisticOptions): HopRecord[] {
  const { instance = realisticInstance, service = 'payments' } = options
  const random = generator(options.seed ?? 1)
  const records: HopRecord[] = []
  let step = 0
  for (let i = 0; i < options.count; i++) {
    const hopId = id(options.fromNanos + BigInt(step), 0x8000 | (17 << 4), instance.address)
    step += 1 + spread(random, options.everyNanos)
    records.push(record(hopId, options.fromNanos + BigInt(step), i, random, instance, service))
  }
  return records
}

const routes = ['/charge', '/refund', '/accounts/:id']

function record(
  hopId: HopId,
  nowNanos: bigint,
  index: number,
  random: () => number,
  instance: InstanceRef,
  service: string,
): HopRecord {
  const idTime = BigInt(`0x${hopId.slice(0, 16)}`)
  const startNanos = idTime + BigInt(150_000 + spread(random, 200_000))
  const route = Math.floor(random() * routes.length)
  const failed = random() < 0.01
  const first = call(
    startNanos,
    20 + spread(random, 100),
    'inventory',
    '10.1.2.9:4003',
    random,
    failed ? '503' : '200',
  )
  const gap = 10 + spread(random, 60)
  const second = call(
    startNanos,
    first.offsetMicros + (first.durationMicros ?? 0) + gap,
    'ledger',
    '10.1.2.11:4004',
    random,
    '200',
  )
  const end = second.offsetMicros + (second.durationMicros ?? 0)
  const order = String(
    1_000_000 + Math.floor(Number(nowNanos % 1_000_000_000_000n) / 50_000_000) + spread(random, 200),
  )
  return {
    hopId,
    traceId: id(
      idTime - BigInt(300_000 + spread(random, 1_500_000)),
      random() < 0.5 ? 0 : 16,
      '10.1.2.1:4001',
    ),
    service,
    instance,
    state: 'closed',
    startNanos,
    durationMicros: end + 15 + spread(random, 80),
    method: 'POST',
    route: routes[route] as string,
    status: failed ? 502 : 200,
    error: failed ? { name: 'Error', message: 'inventory answered 503', code: 'ERR_BAD_RESPONSE' } : null,
    aborted: false,
    keys: index % 3 === 0 ? { orderId: order } : {},
    attributes: {
      userId: Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    },
    events: [],
    next: [first, second],
    parentSpan: null,
    link: null,
    assignedId: null,
    flags: 1,
    crash: null,
    shed: 0,
    lost: 0,
  }
}

function call(
  startNanos: bigint,
  offsetMicros: number,
  service: string,
  target: string,
  random: () => number,
  outcome: string,
): CallRecord {
  const hopId = id(
    startNanos + BigInt(offsetMicros * 1000 + Math.floor(random() * 1000)),
    0x8000 | (42 << 4),
    target,
  )
  return {
    hopId,
    target,
    service,
    method: 'POST',
    outcome,
    offsetMicros,
    durationMicros: 400 + spread(random, 2000),
    servedBy: { hopId, service, address: target },
    via: null,
    otherKey: null,
  }
}

function id(nanos: bigint, sequence: number, address: string): HopId {
  const [ip, port] = address.split(':') as [string, string]
  const tail = Buffer.from([
    sequence >> 8,
    sequence & 255,
    ...ip.split('.').map(Number),
    Number(port) >> 8,
    Number(port) & 255,
  ])
  return (nanos.toString(16).padStart(16, '0') + tail.toString('hex')) as HopId
}

/** Exponentially distributed whole numbers with a mean. */
function spread(random: () => number, mean: number): number {
  return Math.floor(-Math.log(1 - random()) * mean)
}

/** Mulberry32: https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
