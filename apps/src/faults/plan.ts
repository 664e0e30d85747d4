import { seededRandom } from './random.js'
import { ENTRY, SERVICES, TOPOLOGY, type ServiceName } from './topology.js'

const ENDING = ['sigkill', 'uncaught', 'rejection', 'abort', 'out-of-memory', 'exit', 'killed-twice'] as const

/** What is done to a service. */
export const FAULTS = [
  // Its process ends.
  ...ENDING,
  // It does nothing for a while, or never again.
  'sigstop',
  'hang',
  'blocked',
  // The network.
  'reset',
  'refused',
  'black-hole',
  'lost-answer',
  // Parts of hoptrace itself.
  'store-away',
  'store-slow',
  'store-unmounted',
  'log-removed',
  'shipper-killed',
] as const

/** Faults that need a host for each service. */
const HOST_FAULTS = ['crash-loop', 'partition', 'clock-ahead', 'clock-behind'] as const

/** Name of a fault. */
export type Fault = (typeof FAULTS)[number] | (typeof HOST_FAULTS)[number]

/** Faults that end the process by themselves. */
export const DEADLY: ReadonlySet<Fault> = new Set(ENDING)

/** Faults that the harness causes from outside the process. */
const FROM_OUTSIDE: ReadonlySet<Fault> = new Set([
  'refused',
  'store-unmounted',
  'log-removed',
  ...HOST_FAULTS,
])

/** When, as seen from the call to the next service. */
export const MOMENTS = ['before', 'during', 'after'] as const

/** Name of a moment. */
export type Moment = (typeof MOMENTS)[number]

/** Travels in the body of the request that triggers a fault. */
export interface FaultOrder {
  readonly fault: Fault
  readonly moment: Moment
  readonly service: ServiceName
}

/** One fault of a run. */
export interface Strike extends FaultOrder {
  /** Whether the service is started again (or continued) under load, or only after the load. */
  readonly restart: boolean
  /** Number of the request that it comes with. */
  readonly at: number
}

/** What one run does. The first strike gives the run its name in the table. */
export type Plan = readonly [Strike, ...Strike[]]

/** Requests of a run, at least, unless it is a small one. */
export const REQUESTS = 250
/** In a run of that many. */
const FIRST_AT = 120

/**
 * The plans of a seed: always the same, each fault about equally often; every fourth has a second fault that overlaps.
 * `requests`: how many are sent in each, or more.
 */
export function plansOf(
  seed: number,
  runs: number,
  faults: readonly Fault[] = FAULTS,
  requests = REQUESTS,
): Plan[] {
  const firstAt = Math.floor((FIRST_AT * requests) / REQUESTS)
  const random = seededRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const strike = (fault: Fault, at: number, not?: ServiceName): Strike => ({
    fault,
    moment: pick(MOMENTS),
    service: pick(targetsOf(fault).filter((service) => service !== not)),
    restart: random() < 0.5,
    at,
  })
  return Array.from({ length: runs }, (_, index): Plan => {
    const first = strike(faults[(index + seed) % faults.length] ?? 'sigkill', firstAt)
    if (random() >= 0.25) return [first]
    // In the same request, or while the first one's damage is being done.
    const at = firstAt + (random() < 0.3 ? 0 : Math.floor(random() * firstAt))
    return [first, strike(pick(faults), at, first.service)]
  })
}

/** A plan for a fleet without a request so far: a service ends at its very first request, again and again, and another one later. */
export function coldPlan(seed: number, requests = REQUESTS): Plan {
  const random = seededRandom(seed)
  const callees = SERVICES.filter((name) => name !== ENTRY)
  const service = callees[Math.floor(random() * callees.length)] as ServiceName
  const other = callees[Math.floor(random() * callees.length)] as ServiceName
  return [
    { fault: 'crash-loop', moment: 'before', service, restart: true, at: 0 },
    {
      fault: 'sigkill',
      moment: 'during',
      service: other,
      restart: random() < 0.5,
      at: Math.floor((requests * 2) / 5),
    },
  ]
}

/** What the struck request tells its services to do. */
export function ordersAt(plan: Plan, index: number): FaultOrder[] {
  return plan
    .filter(({ fault, at }) => at === index && !FROM_OUTSIDE.has(fault))
    .map(({ fault, moment, service }) => ({ fault, moment, service }))
}

/** A strike in words. */
export function describeStrike({ fault, moment, service, restart }: Strike): string {
  const when = FROM_OUTSIDE.has(fault) || fault === 'black-hole' ? '' : ` ${moment} its call`
  return `${fault} of ${service}${when}, ${restart ? 'mended under load' : 'mended after the load'}`
}

function targetsOf(fault: Fault): readonly ServiceName[] {
  // An entry cannot be refused or black-holed: no service calls it.
  if (fault === 'refused' || fault === 'black-hole' || fault === 'crash-loop' || fault === 'partition')
    return SERVICES.filter((name) => name !== ENTRY)
  const store = fault === 'store-away' || fault === 'store-slow' ? 'fragile' : 'own'
  const needsStore = fault.startsWith('store-') || fault === 'shipper-killed'
  return needsStore ? SERVICES.filter((name) => TOPOLOGY[name].store === store) : SERVICES
}
