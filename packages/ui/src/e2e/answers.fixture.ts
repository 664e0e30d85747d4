import type { CallJson, InstanceRow, Resolver, ResolveResult, WalkedHopJson, WalkStep } from '@hoptrace/core'

export const idOf = (n: number): WalkedHopJson['hopId'] =>
  (0x18ec567f6e5bn * 2n ** 80n + BigInt(n)).toString(16).padStart(32, '0') as WalkedHopJson['hopId']

export const iso = (micros: number): string =>
  `2026-11-22T15:00:0${Math.floor(micros / 1e6)}.${String((micros % 1e6) * 1000).padStart(9, '0')}Z`

export const call = (n: number, fields: Partial<CallJson> = {}): CallJson => ({
  hopId: idOf(n),
  target: `127.0.0.1:${4000 + (n % 1000)}`,
  service: `service-${n % 7}`,
  method: 'GET',
  outcome: '200',
  offsetMicros: 100,
  durationMicros: 900_000,
  found: 'hop',
  ...fields,
})

export const hop = (n: number, fields: Partial<WalkedHopJson> = {}): WalkedHopJson => ({
  hopId: idOf(n),
  traceId: idOf(0),
  service: `service-${n % 7}`,
  instance: `127.0.0.1:${4000 + (n % 1000)}`,
  method: 'GET',
  route: `/things/:id`,
  status: 200,
  state: 'closed',
  startTime: iso(n * 100),
  durationMicros: 500_000,
  error: null,
  aborted: false,
  keys: { orderId: String(n) },
  attributes: { size: n },
  events: [{ name: `step.${n}`, time: iso(n * 100 + 50), attributes: { at: n } }],
  next: [],
  crash: null,
  shed: 0,
  lost: 0,
  source: 'store',
  calledBy: null,
  depth: 0,
  ...fields,
})

export const answer = (
  hops: readonly WalkedHopJson[],
  fields: Partial<ResolveResult> = {},
): ResolveResult => ({
  traceId: idOf(0),
  verdict: 'completed',
  endedAt: null,
  lastHealthy: null,
  hops,
  evidence: [],
  faults: [],
  partial: false,
  partialBecause: [],
  reads: { instances: 1, scans: 1, bytes: 1 },
  elapsedMillis: 1,
  ...fields,
})

/** gateway → orders → payments, which died: no record. */
export function died(): ResolveResult {
  const gone = call(2, {
    service: 'payments',
    target: '127.0.0.1:4002',
    outcome: 'ECONNRESET',
    found: 'absent',
    durationMicros: 30_000,
  })
  const orders = hop(1, {
    service: 'orders',
    depth: 1,
    calledBy: idOf(0),
    status: 502,
    error: { name: 'Error', message: 'socket hang up', code: 'ECONNRESET' },
    next: [gone],
  })
  const gateway = hop(0, {
    service: 'gateway',
    status: 502,
    next: [call(1, { service: 'orders', outcome: '502' })],
  })
  return answer([gateway, orders], {
    verdict: 'died',
    endedAt: { service: 'payments', instance: '127.0.0.1:4002', hopId: idOf(2) },
    lastHealthy: { service: 'orders', instance: '127.0.0.1:4001', hopId: idOf(1) },
    evidence: ['orders saw ECONNRESET from payments 127.0.0.1:4002 after 30 ms'],
  })
}

/** An entry that called many hops, one after the other. */
export function wide(count: number): ResolveResult {
  const calls = Array.from({ length: count - 1 }, (_, index) =>
    call(index + 1, { offsetMicros: index * 100 }),
  )
  const hops = calls.map((_, index) => hop(index + 1, { depth: 1, calledBy: idOf(0) }))
  return answer([hop(0, { durationMicros: 1_000_000, next: calls }), ...hops])
}

const instance = (service: string): InstanceRow => ({
  service,
  address: '127.0.0.1:4000',
  aliases: [],
  reached: [],
  worker: 0,
  startNanos: 1n,
  host: service,
  boot: '',
  pid: 1,
  endpoint: null,
  stores: [],
  buckets: 1,
  windowMillis: 1000,
  logDir: 'logs',
  loggedThrough: [0, 0],
  heartbeatMillis: 1,
  shippedThroughNanos: 0n,
  dropped: [],
  state: 'running',
})

/** Answers that the test chooses, in place of a resolver's. `own` replaces single methods. */
export function resolverOf(answers: () => ResolveResult, own: Partial<Resolver> = {}): Resolver {
  const walk = async function* (): AsyncGenerator<WalkStep> {
    const result = answers()
    for (const one of result.hops) yield { kind: 'hop', hop: one }
    yield { kind: 'result', result }
  }
  const progress = (): Awaited<ReturnType<Resolver['progress']>> => {
    const { traceId, verdict, endedAt, lastHealthy, hops, evidence } = answers()
    const events = hops.flatMap(({ service, instance, hopId, events: own }) =>
      own.map((event) => ({ ...event, service, instance, hopId, key: `${hopId}/${event.name}` })),
    )
    return {
      traceId,
      verdict,
      endedAt,
      lastHealthy,
      keys: {},
      events,
      lastEvent: events.at(-1) ?? null,
      running: [],
      evidence,
    }
  }
  return {
    resolve: async () => answers(),
    walk,
    range: async function* () {
      for (const one of answers().hops.slice(0, 40)) yield one
    },
    find: async () => [{ traceId: idOf(0), hopId: idOf(0), time: iso(0) }],
    progress: async () => progress(),
    follow: async function* () {
      yield { kind: 'end', progress: progress() }
    },
    instances: async () => [instance(answers().hops[0]?.service ?? 'none')],
    close: async () => undefined,
    ...own,
  }
}
